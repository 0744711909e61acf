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

static bool
has_program(const struct rules_part *part, unsigned kinds)
{
	return part->program.kind != RULES_NO_PROGRAM &&
	    (kinds & 1U << part->program.kind);
}

static bool
has_any(const char *const *lists)
{
	return lists != NULL && lists[0] != NULL;
}

static bool
has_writers(const struct rules_part *part, unsigned unused)
{
	(void)unused;
	return has_any(part->upload.writers);
}

/* Whether `has` is true for any part of any host. */
static bool
has_part(const struct config *config,
    bool (*has)(const struct rules_part *, unsigned), unsigned kinds)
{
	for (size_t i = 0; i < config->host_count; i++) {
		const struct host_config *host = &config->hosts[i];

		if (has(&host->whole, kinds))
			return true;
		for (size_t j = 0; j < host->rules.part_count; j++)
			if (has(&host->rules.parts[j], kinds))
				return true;
	}
	return false;
}

bool
config_has_program(const struct config *config, unsigned kinds)
{
	return has_part(config, has_program, kinds);
}

bool
config_has_writers(const struct config *config)
{
	return has_part(config, has_writers, 0);
}

bool
config_asks(const struct host_config *config)
{
	for (size_t i = 0; i < config->rules.part_count; i++) {
		const struct rules_part *part = &config->rules.parts[i];

		if (has_any(part->readers) || has_any(part->upload.writers) ||
		    part->program.kind != RULES_NO_PROGRAM)
			return true;
	}
	return false;
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
