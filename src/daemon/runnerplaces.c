/*
 * The directories of CGI scripts.
 */
#include "daemon/runnerplaces.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static bool
is_same_array(const char *const *a, const char *const *b)
{
	return a == NULL || b == NULL ? a == b : str_lists_equal(a, b);
}

/* Whether the scripts of two programs have the same access. */
static bool
is_same(const struct rules_program *a, const struct rules_program *b)
{
	return strcmp(a->target, b->target) == 0 && a->network == b->network &&
	    is_same_array(a->reads, b->reads) &&
	    is_same_array(a->writes, b->writes);
}

const struct runnerplaces_directory *
runnerplaces_find(
    const struct runnerplaces *places, const struct rules_program *program)
{
	for (size_t i = 0; i < places->count; i++)
		if (is_same(places->directories[i].program, program))
			return &places->directories[i];
	return NULL;
}

static void
add(struct runnerplaces *places, const struct rules_program *program)
{
	if (program->kind != RULES_CGI ||
	    runnerplaces_find(places, program) != NULL)
		return;
	places->directories[places->count++] = (struct runnerplaces_directory){
		.program = program,
		.access = { program->target, program->reads, program->writes,
		    program->network },
		.fd = open(program->target, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
}

static size_t
count_parts(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->host_count; i++)
		count += config->hosts[i].rules.part_count;
	return count;
}

int
runnerplaces_init(struct runnerplaces *places, const struct config *config,
    const struct server *server)
{
	*places = (struct runnerplaces){ .server = server,
		.directories = calloc(
		    count_parts(config) + 1, sizeof *places->directories),
		.roots = calloc(config->host_count + 1, sizeof *places->roots),
		.null = open("/dev/null", O_RDONLY | O_CLOEXEC) };
	if (places->directories == NULL || places->roots == NULL ||
	    places->null == -1)
		return -1;
	places->connects =
	    config_has_program(config, 1U << RULES_SCGI | 1U << RULES_FASTCGI);
	for (size_t i = 0; i < config->host_count; i++) {
		const struct host_config *host = &config->hosts[i];

		for (size_t j = 0; j < host->rules.part_count; j++)
			add(places, &host->rules.parts[j].program);
		places->roots[i] = realpath(host->capsule, NULL);
		if (places->roots[i] == NULL)
			return -1;
	}
	return 0;
}

struct scriptjail_access *
runnerplaces_accesses(const struct runnerplaces *places)
{
	struct scriptjail_access *all = calloc(places->count + 1, sizeof *all);

	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < places->count; i++)
		all[i] = places->directories[i].access;
	all[places->count].reads = (const char *const *)places->roots;
	all[places->count].network = places->connects;
	return all;
}
