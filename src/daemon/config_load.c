/*
 * Makes a configuration of the sections of a file and the command line: the
 * value of a host overrides that outside of all sections, which overrides the
 * default. The readers of setting_keys.c interpret the values.
 */
#include "daemon/config_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_circles.h"
#include "daemon/config_hide.h"
#include "daemon/config_parse.h"
#include "daemon/config_programs.h"
#include "daemon/config_rules.h"
#include "daemon/config_signature.h"
#include "daemon/config_values.h"
#include "daemon/setting_keys.h"

/* Enough for a file of the largest size that consists of hosts. */
#define ARENA_MAX ((size_t)64 << 20)

static int
parse_setting(
    struct config_loader *loader, const struct option_setting *setting)
{
	struct config_values *found;
	char advice[64];
	size_t i = 0;

	while (i < setting_keys_count &&
	    strcmp(setting_keys[i].name, setting->key) != 0)
		i++;
	if (i == setting_keys_count) {
		setting_keys_advise(str_of(setting->key), advice);
		return config_section_fail(loader->config,
		    (struct config_place){ 0 }, "-o %.99s: no such key, %s",
		    setting->key, advice);
	}
	found = config_section_find(&loader->top, i);
	if (found == NULL) {
		found = arena_alloc(&loader->scratch, sizeof *found);
		if (found == NULL)
			return config_section_fail_memory(loader->config);
		found->next = loader->top.values;
		loader->top.values = found;
	}
	if (!found->is_of_options || !setting_keys[i].list ||
	    setting->value[0] == '\0')
		*found =
		    (struct config_values){ .next = found->next, .key = i };
	found->is_of_options = true;
	found->flag = setting->flag;
	if (setting_keys[i].list && setting->value[0] == '\0')
		return 0;
	return config_values_append(loader, found, setting->value);
}

/* The first name of a host is the title of its section. */
static int
read_names(struct config_loader *loader, const struct config_section *section,
    struct host_config *host, size_t key)
{
	const struct config_values title = { .key = key,
		.values = &section->title,
		.count = 1,
		.place = section->place };
	const struct config_target target = { .host = host,
		.section = section };
	const struct config_values *own = config_section_find(section, key);
	struct config_values all;

	if (config_values_read(loader, &title, &target) == -1)
		return -1;
	if (own == NULL)
		return 0;
	return config_values_join(loader, &title, own, &all) == -1
	    ? -1
	    : config_values_read(loader, &all, &target);
}

static int
read_key_of_host(struct config_loader *loader,
    const struct config_values *outer, struct host_config *host,
    const struct config_section *section)
{
	const struct setting_key *key = &setting_keys[outer->key];
	const struct config_values none = { .key = outer->key };
	const struct config_target target = {
		.host = host, .part = &host->whole, .section = section
	};
	struct config_values values, fallback;

	if (key->read == settings_listen_names)
		return read_names(loader, section, host, outer->key);
	/* Gopher has no host names: one listener cannot have two hosts. */
	if (key->read == settings_listen_gopher &&
	    host != loader->config->hosts)
		outer = &none;
	if (config_programs_replace(section, outer->key)) {
		if (config_values_default(loader, outer->key, &fallback) == -1)
			return -1;
		outer = &fallback;
	}
	return config_values_override(loader, section, outer, &values) == -1
	    ? -1
	    : config_values_read(loader, &values, &target);
}

/* Reads a key for the server, or for each host. */
static int
read_key(struct config_loader *loader, const struct config_values *outer)
{
	const struct setting_key *key = &setting_keys[outer->key];
	struct host_config *host = loader->config->hosts;
	const struct config_target target = { .host = host,
		.part = &host->whole };

	if (key->scope == SETTING_PROCESS || loader->top.hosts == NULL)
		return config_values_read(loader, outer, &target);
	if (key->read == settings_listen_names &&
	    config_section_find(&loader->top, outer->key) != NULL) {
		snprintf(loader->config->error, sizeof loader->config->error,
		    "names is outside of all hosts, move it into the host that "
		    "has these names");
		return config_values_fail(loader, outer, NULL);
	}
	for (const struct config_section *section = loader->top.hosts;
	     section != NULL; section = section->next)
		if (read_key_of_host(loader, outer, host++, section) == -1)
			return -1;
	return 0;
}

static int
read_settings(struct config_loader *loader)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		struct config_values fallback, values;

		if (config_values_default(loader, i, &fallback) == -1 ||
		    config_values_override(
			loader, &loader->top, &fallback, &values) == -1 ||
		    read_key(loader, &values) == -1)
			return -1;
	}
	return 0;
}

/* Reads the rules of each host, and copies the settings of the site. */
static int
read_rules(struct config_loader *loader)
{
	const struct config_section *section = loader->top.hosts;
	const struct rules *common;

	if (config_rules_read_common(loader, &common) == -1)
		return -1;
	for (size_t i = 0; i < loader->config->host_count; i++) {
		struct host_config *host = &loader->config->hosts[i];

		host->rules.common = common;
		host->site.lang = host->whole.lang;
		host->site.listing = host->whole.listing;
		if (config_rules_read(loader, host, section) == -1 ||
		    config_signature_hide(loader, host) == -1)
			return -1;
		section = section != NULL ? section->next : NULL;
	}
	return 0;
}

/* A name, and the number of its host. */
struct owned_name {
	struct str name;
	size_t host;
};

static int
compare_names(const void *a, const void *b)
{
	const struct owned_name *left = a, *right = b;
	int order = str_compare(left->name, right->name);

	if (order != 0)
		return order;
	return left->host < right->host ? -1 : left->host > right->host;
}

/* Refuses a name that two hosts have. */
static int
check_names(struct config_loader *loader)
{
	const struct config *config = loader->config;
	struct owned_name *all;
	size_t count = 0;

	for (size_t i = 0; i < config->host_count; i++)
		count += config->hosts[i].site.name_count;
	all = arena_alloc(&loader->scratch, count * sizeof *all);
	if (all == NULL)
		return config_section_fail_memory(loader->config);
	count = 0;
	for (size_t i = 0; i < config->host_count; i++)
		for (size_t j = 0; j < config->hosts[i].site.name_count; j++)
			all[count++] =
			    (struct owned_name){ config->hosts[i].site.names[j],
				    i };
	qsort(all, count, sizeof *all, compare_names);
	for (size_t i = 1; i < count; i++) {
		const struct config_place *first =
		    &config->hosts[all[i - 1].host].place;

		if (str_equals(all[i - 1].name, all[i].name))
			return config_section_fail(loader->config,
			    config->hosts[all[i].host].place,
			    "the name \"%.*s\" also belongs to the host at "
			    "%.128s:%d, remove it from one of them",
			    STR_ARG(all[i].name), first->file, first->line);
	}
	return 0;
}

/* Lists the Gopher listeners of all hosts. */
static int
list_gopher(struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->host_count; i++)
		count += config->hosts[i].gopher_count;
	config->gopher =
	    arena_alloc(&config->arena, (count + 1) * sizeof *config->gopher);
	config->gopher_hosts = arena_alloc(
	    &config->arena, (count + 1) * sizeof *config->gopher_hosts);
	config->gopher_proxied = arena_alloc(
	    &config->arena, (count + 1) * sizeof *config->gopher_proxied);
	if (config->gopher == NULL || config->gopher_hosts == NULL ||
	    config->gopher_proxied == NULL)
		return -1;
	for (size_t i = 0; i < config->host_count; i++) {
		const struct host_config *host = &config->hosts[i];

		for (size_t j = 0; j < host->gopher_count; j++) {
			size_t at = config->gopher_count++;

			config->gopher[at] = host->gopher[j];
			config->gopher_proxied[at] = host->gopher_proxied[j];
			config->gopher_hosts[at] = i;
		}
	}
	return 0;
}

/* Makes the array of hosts, with their places in the files. */
static int
list_hosts(struct config_loader *loader)
{
	struct config *config = loader->config;
	const struct config_section *section = loader->top.hosts;
	struct host_config *host;

	config->host_count = 0;
	for (; section != NULL; section = section->next)
		if (config->host_count++ == CONFIG_HOSTS_MAX)
			return config_section_fail(config, section->place,
			    "this host is one of over %zu, give it to another "
			    "server",
			    CONFIG_HOSTS_MAX);
	config->host_count += config->host_count == 0;
	config->hosts = arena_alloc(
	    &config->arena, config->host_count * sizeof *config->hosts);
	if (config->hosts == NULL)
		return config_section_fail_memory(loader->config);
	host = config->hosts;
	for (section = loader->top.hosts; section != NULL;
	     section = section->next, host++) {
		host->place = section->place;
		host->place.file =
		    arena_string(&config->arena, str_of(section->place.file));
		if (host->place.file == NULL)
			return config_section_fail_memory(loader->config);
	}
	return 0;
}

/*
 * Refuses a configuration that leaves out a socket of the service manager:
 * clients would connect to it, and wait.
 */
static int
check_sockets(struct config_loader *loader)
{
	const struct config *config = loader->config;

	for (size_t i = 0; i < loader->options->socket_count; i++) {
		const struct options_socket *socket =
		    &loader->options->sockets[i];
		bool is_gemini = strcmp(socket->key, "gemini") == 0;
		const struct net_address *all =
		    is_gemini ? config->gemini : config->gopher;
		size_t left =
		    is_gemini ? config->gemini_count : config->gopher_count;
		struct net_address address;

		if (net_address_parse(socket->text, &address) == -1)
			continue;
		while (left > 0 && !net_equals(&all[left - 1], &address))
			left--;
		if (left == 0)
			return config_section_fail(loader->config,
			    (struct config_place){ .file = loader->file },
			    "the socket %s of the service manager is not in "
			    "%s; add it there, or leave that key out",
			    socket->text, socket->key);
	}
	return 0;
}

static int
load_all(struct config_loader *loader, const struct options *options)
{
	struct config *config = loader->config;

	if (loader->file != NULL &&
	    config_parse(
		&loader->top, loader->file, &loader->scratch, config) == -1)
		return -1;
	for (size_t i = 0; i < options->count; i++)
		if (parse_setting(loader, &options->settings[i]) == -1)
			return -1;
	if (config_programs_check(loader) == -1 || list_hosts(loader) == -1 ||
	    read_settings(loader) == -1 || check_names(loader) == -1 ||
	    read_rules(loader) == -1 || config_circles_check(loader) == -1 ||
	    config_hide_files(loader) == -1)
		return -1;
	if (list_gopher(config) == -1)
		return config_section_fail_memory(loader->config);
	return check_sockets(loader);
}

int
config_load(struct config *config, const struct options *options)
{
	struct config_loader loader = {
		.config = config, .file = options->file, .options = options
	};
	int result;

	*config = (struct config){ 0 };
	arena_init(&config->arena, ARENA_MAX);
	arena_init(&loader.scratch, ARENA_MAX);
	result = load_all(&loader, options);
	arena_release(&loader.scratch);
	if (result == -1)
		arena_release(&config->arena);
	return result;
}
