/*
 * The use of a configuration.
 */
#include "daemon/config.h"

struct host
config_host(const struct host_config *config, const struct server *server,
    const struct tree *tree)
{
	return (struct host){
		.server = server,
		.site = &config->site,
		.tree = tree,
		.archive_limit = (uint64_t)config->archive_limit << 20,
		.builtins = config->builtins,
	};
}

void
config_release(struct config *config)
{
	arena_release(&config->arena);
}
