/*
 * The keys of the configuration.  Knows each by name, its default, what may
 * stand in it and where it goes; does not know how it was written down.
 */
#include "daemon/setting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/net.h"
#include "text/hostname.h"

#define WORKERS_MAX 256
#define LANG_MAX 200

static int read_path(struct setting *s);
static int read_text(struct setting *s);
static int read_switch(struct setting *s);
static int read_jail(struct setting *s);
static int read_limits(struct setting *s);
static int read_size(struct setting *s);
static int read_workers(struct setting *s);
static int read_count(struct setting *s);
static int read_names(struct setting *s);
static int read_gemini(struct setting *s);
static int read_gopher(struct setting *s);
static int read_gemini_ports(struct setting *s);
static int read_gopher_host(struct setting *s);
static int read_gopher_port(struct setting *s);
static int read_lang(struct setting *s);
static int read_item_types(struct setting *s);

#define AT(field) .at = offsetof(struct config, field)
#define COUNT .read = read_count, .least = 1, .most = 10000
#define BITS .read = read_count, .least = 8
#define MS .read = read_count, .least = 1, .most = 3600000

const struct setting_key setting_keys[] = {
	{ "capsule", "capsule", .read = read_path, AT(capsule) },
	{ "names", "localhost", .list = true, .read = read_names },
	{ "gemini", "1965", .list = true, .read = read_gemini },
	{ "gopher", "70", .list = true, .read = read_gopher },
	{ "gemini_ports", NULL, .list = true, .read = read_gemini_ports },
	{ "gopher_host", "", .read = read_gopher_host },
	{ "gopher_port", "0", .read = read_gopher_port, .most = 65535 },
	{ "gopher_tls", "no", .read = read_switch, AT(gopher_tls) },
	{ "certs", "certs", .read = read_path, AT(certs) },
	{ "user", "", .read = read_text, AT(user) },
	{ "jail", "on", .read = read_jail },
	{ "limits", "on", .read = read_limits },
	{ "limit_open", "64", COUNT, AT(limits.open) },
	{ "limit_rate", "10", COUNT, AT(limits.rate) },
	{ "limit_burst", "300", COUNT, AT(limits.burst) },
	{ "limit_ipv4_bits", "32", BITS, AT(limits.ipv4_bits), .most = 32 },
	{ "limit_ipv6_bits", "64", BITS, AT(limits.ipv6_bits), .most = 128 },
	{ "workers", "0", .read = read_workers, AT(workers),
	    .most = WORKERS_MAX },
	{ "lang", "", .read = read_lang },
	{ "width", "67", .read = read_size, AT(site.width), .least = 33,
	    .most = 200 },
	{ "alt_text", "no", .read = read_switch, AT(site.alt_text) },
	{ "strict_text", "no", .read = read_switch, AT(site.strict_text) },
	{ "listing", "yes", .read = read_switch, AT(site.listing) },
	{ "item_types", NULL, .list = true, .read = read_item_types },
	{ "log_addresses", "no", .read = read_switch, AT(log_addresses) },
	{ "verbose", "no", .read = read_switch, AT(verbose) },
	{ "request_timeout_ms", "10000", MS, AT(request_timeout_ms) },
	{ "stall_timeout_ms", "30000", MS, AT(stall_timeout_ms) },
	{ "drain_timeout_ms", "1000", MS, AT(drain_timeout_ms) },
	{ "shutdown_timeout_ms", "30000", MS, AT(shutdown_timeout_ms) },
};

const size_t setting_key_count = sizeof setting_keys / sizeof setting_keys[0];

/* Leaves a message in the configuration; returns -1. */
static int fail(struct setting *s, const char *format, ...) PRINTF_LIKE(2, 3);

static int
fail(struct setting *s, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(s->config->error, sizeof s->config->error, format, arguments);
	va_end(arguments);
	return -1;
}

static int
fail_memory(struct setting *s)
{
	return fail(s, "no memory for %s, make it shorter", s->key->name);
}

static void *
field_of(struct setting *s)
{
	return (char *)s->config + s->key->at;
}

/* Room for `count` objects and one more, so that none is still an array. */
static void *
array_of(struct setting *s, size_t count, size_t size)
{
	return arena_alloc(&s->config->arena, (count + 1) * size);
}

static int
read_text(struct setting *s)
{
	const char **field = field_of(s);

	*field = arena_string(&s->config->arena, s->values[0]);
	return *field != NULL ? 0 : fail_memory(s);
}

static int
read_path(struct setting *s)
{
	if (s->values[0].len == 0)
		return fail(s, "%s is empty, name a directory", s->key->name);
	return read_text(s);
}

static int
read_switch(struct setting *s)
{
	struct str value = s->values[0];
	bool *field = field_of(s);

	*field = str_equals(value, STR("yes"));
	if (!*field && !str_equals(value, STR("no")))
		return fail(s, "%s is \"%.99s\", give yes or no", s->key->name,
		    value.at);
	return 0;
}

/* The place of a value among words; -1, with a message, for another. */
static int
read_word(struct setting *s, const char *const *words, const char *advice)
{
	struct str value = s->values[0];

	for (int i = 0; words[i] != NULL; i++)
		if (str_equals(value, str_of(words[i])))
			return i;
	return fail(
	    s, "%s is \"%.99s\", give %s", s->key->name, value.at, advice);
}

static int
read_jail(struct setting *s)
{
	static const char *const words[] = {
		[JAIL_ON] = "on", [JAIL_LOG] = "log", [JAIL_OFF] = "off", NULL
	};
	int mode = read_word(s, words, "on, log or off");

	s->config->jail = (enum jail_mode)mode;
	return mode == -1 ? -1 : 0;
}

static int
read_limits(struct setting *s)
{
	static const char *const words[] = { [LIMIT_ON] = "on",
		[LIMIT_ALL] = "all",
		[LIMIT_OFF] = "off",
		NULL };
	int mode = read_word(s, words, "on, all or off");

	s->config->limits.mode = (enum limit_mode)mode;
	return mode == -1 ? -1 : 0;
}

static int
read_number(struct setting *s, unsigned long *out)
{
	const struct setting_key *k = s->key;
	struct str value = s->values[0];

	if (!str_number(value, k->most, out) || *out < k->least)
		return fail(s, "%s is \"%.99s\", give a number from %u to %u",
		    k->name, value.at, k->least, k->most);
	return 0;
}

static int
read_size(struct setting *s)
{
	size_t *field = field_of(s);
	unsigned long number;

	if (read_number(s, &number) == -1)
		return -1;
	*field = number;
	return 0;
}

static int
read_workers(struct setting *s)
{
	size_t *field = field_of(s);
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (read_size(s) == -1)
		return -1;
	if (*field == 0)
		*field = online > 0 ? (size_t)online : 1;
	if (*field > WORKERS_MAX)
		*field = WORKERS_MAX;
	return 0;
}

static int
read_count(struct setting *s)
{
	unsigned *field = field_of(s);
	unsigned long number;

	if (read_number(s, &number) == -1)
		return -1;
	*field = (unsigned)number;
	return 0;
}

static int
read_host(struct setting *s, size_t i, struct str *out)
{
	struct str value = s->values[i];

	if (hostname_normal(&s->config->arena, value, out) == 0)
		return 0;
	return fail(s, "\"%.99s\" is no host name, give one like example.org",
	    value.at);
}

static int
read_names(struct setting *s)
{
	struct site *site = &s->config->site;
	size_t count = s->count;
	struct str *names = array_of(s, count, sizeof *names);

	if (names == NULL)
		return fail_memory(s);
	if (count == 0)
		return fail(s, "names is empty, give at least one");
	for (size_t i = 0; i < count; i++) {
		struct str *name = &names[site->name_count];
		bool known = false;

		if (read_host(s, i, name) == -1)
			return -1;
		for (size_t j = 0; j < site->name_count; j++)
			known = known || str_equals(names[j], *name);
		site->name_count += !known;
	}
	site->names = names;
	return 0;
}

/* Whether a fixed port is among the `count` addresses before it. */
static bool
is_taken(const struct net_address *address, const struct net_address *before,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (net_port(address) != 0 && net_equals(address, &before[i]))
			return true;
	return false;
}

static int
read_listeners(struct setting *s, struct net_address **out, size_t *out_count)
{
	size_t count = s->count;
	struct net_address *all = array_of(s, count, sizeof *all);

	if (all == NULL)
		return fail_memory(s);
	*out = all;
	*out_count = 0;
	if (count == 1 && str_equals(s->values[0], STR("off")))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct str value = s->values[i];

		if (str_equals(value, STR("off")))
			return fail(s,
			    "%s is off and on, give off alone or leave it out",
			    s->key->name);
		if (net_address_parse(value.at, &all[i]) == -1)
			return fail(s,
			    "\"%.99s\" is no listener, give [ADDR:]PORT or off",
			    value.at);
		if (is_taken(&all[i], all, i))
			return fail(s,
			    "\"%.99s\" is given twice, leave one out",
			    value.at);
	}
	*out_count = count;
	return 0;
}

static int
read_gemini(struct setting *s)
{
	struct config *config = s->config;

	return read_listeners(s, &config->gemini, &config->gemini_count);
}

static int
read_gopher(struct setting *s)
{
	struct config *config = s->config;

	if (read_listeners(s, &config->gopher, &config->gopher_count) == -1)
		return -1;
	for (size_t i = 0; i < config->gopher_count; i++)
		if (is_taken(&config->gopher[i], config->gemini,
			config->gemini_count))
			return fail(s,
			    "\"%.99s\" is Gemini's too, give another port",
			    s->values[i].at);
	if (config->gemini_count + config->gopher_count == 0)
		return fail(s,
		    "gemini and gopher are both off, give one of them a port");
	return 0;
}

static int
read_gemini_ports(struct setting *s)
{
	struct config *config = s->config;
	size_t count = s->count;
	size_t bound = config->gemini_count;
	uint16_t *ports = array_of(s, count > 0 ? count : bound, sizeof *ports);

	if (ports == NULL)
		return fail_memory(s);
	for (size_t i = 0; i < count; i++) {
		struct str value = s->values[i];
		unsigned long port;

		if (!str_number(value, 65535, &port) || port == 0)
			return fail(s,
			    "\"%.99s\" is no port, give a number from 1 to "
			    "65535",
			    value.at);
		ports[i] = (uint16_t)port;
	}
	config->gemini_ports_given = count > 0;
	for (size_t i = 0; count == 0 && i < bound; i++)
		ports[i] = net_port(&config->gemini[i]);
	/* Links of a capsule on Gopher alone are Gemini URLs all the same. */
	if (count == 0 && bound == 0)
		ports[bound++] = 1965;
	config->gemini_ports = ports;
	config->site.gemini_ports = ports;
	config->site.gemini_port_count = count > 0 ? count : bound;
	return 0;
}

static int
read_gopher_host(struct setting *s)
{
	struct site *site = &s->config->site;

	site->gopher_host = site->names[0];
	if (s->values[0].len == 0)
		return 0;
	return read_host(s, 0, &site->gopher_host);
}

static int
read_gopher_port(struct setting *s)
{
	struct config *config = s->config;
	unsigned long port;

	if (read_number(s, &port) == -1)
		return -1;
	config->gopher_port_given = port != 0;
	if (port == 0)
		port = config->gopher_count > 0 ? net_port(config->gopher) : 70;
	config->site.gopher_port = (uint16_t)port;
	return 0;
}

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* Subtags of one to eight letters and digits (RFC 5646 section 2.1). */
static bool
is_language_tag(struct str tag)
{
	size_t len = 0;

	for (size_t i = 0; i < tag.len; i++) {
		len = tag.at[i] == '-' && len > 0 ? 0 : len + 1;
		if (len > 8 || (len > 0 && !is_alphanumeric(tag.at[i])))
			return false;
	}
	return len > 0;
}

static int
read_lang(struct setting *s)
{
	struct config *config = s->config;
	struct str value = s->values[0];
	struct str rest = value;
	bool good = value.len <= LANG_MAX && !str_ends(value, STR(","));

	while (good && rest.len > 0)
		good = is_language_tag(str_cut(&rest, ','));
	if (!good)
		return fail(s,
		    "lang is \"%.99s\", give language tags like en or en,fr",
		    value.at);
	if (arena_copy(&config->arena, value, &config->site.lang) == -1)
		return fail_memory(s);
	return 0;
}

static bool
is_mime(struct str mime)
{
	size_t slashes = 0;

	for (size_t i = 0; i < mime.len; i++) {
		slashes += mime.at[i] == '/';
		if (!is_alphanumeric(mime.at[i]) &&
		    (mime.at[i] == '\0' || strchr("/.+-_", mime.at[i]) == NULL))
			return false;
	}
	return mime.len > 0 && slashes <= 1 && mime.at[0] != '/' &&
	    mime.at[mime.len - 1] != '/';
}

static int
read_item_type(struct setting *s, struct str value, struct site_type *out)
{
	struct str item = value;
	struct str mime = str_cut(&item, '=');
	char *lower;

	if (!is_mime(mime) || item.len != 1 || item.at[0] <= ' ' ||
	    item.at[0] > '~')
		return fail(s,
		    "\"%.99s\" is no item type, give MIME=TYPE like "
		    "application/pdf=d",
		    value.at);
	lower = arena_string(&s->config->arena, mime);
	if (lower == NULL)
		return fail_memory(s);
	for (size_t i = 0; i < mime.len; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
	out->mime = (struct str){ lower, mime.len };
	out->item = item.at[0];
	return 0;
}

static int
read_item_types(struct setting *s)
{
	struct site *site = &s->config->site;
	struct site_type *types = array_of(s, s->count, sizeof *types);

	if (types == NULL)
		return fail_memory(s);
	for (size_t i = 0; i < s->count; i++)
		if (read_item_type(s, s->values[i], &types[i]) == -1)
			return -1;
	site->types = types;
	site->type_count = s->count;
	return 0;
}
