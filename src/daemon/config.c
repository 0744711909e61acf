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
		.rules =
		    config->rules.part_count + config->rules.move_count > 0 ||
			config->rules.common != NULL
		    ? &config->rules
		    : NULL,
	};
}

const struct zones *
config_zones(const struct host_config *config)
{
	return config->zones.count > 0 ? &config->zones : NULL;
}

struct hostnames *
config_names(const struct host_config *hosts, size_t count)
{
	struct hostnames *names;
	size_t most = 0;

	for (size_t i = 0; i < count; i++)
		most += hosts[i].site.name_count;
	names = hostnames_new(most);
	for (size_t i = 0; names != NULL && i < count; i++)
		for (size_t j = 0; j < hosts[i].site.name_count; j++)
			hostnames_add(names, hosts[i].site.names[j], i);
	return names;
}

void
config_release(struct config *config)
{
	arena_release(&config->arena);
}
