/*
 * The settings of all CGI scripts.
 */
#include "daemon/scriptsetup.h"

/* The system counts the processes of all scripts together. */
#define PROCESSES 64
#define PROCESSES_EACH 8

int
scriptsetup_init(struct scriptjail *scripts, const struct config *config,
    const struct jail *jail, struct buf *error)
{
	if (!config_has_program(config, 1U << RULES_CGI))
		return 0;
	if (scriptjail_init(scripts, jail, config->cgi_user, error) == -1)
		return -1;
	scripts->memory = (size_t)config->script_memory << 20;
	scripts->processes = PROCESSES + PROCESSES_EACH * config->script_limit;
	if (scriptjail_share_groups(scripts, config->script_limit) == 0)
		return 0;
	buf_printf(error, "out of memory");
	return -1;
}
