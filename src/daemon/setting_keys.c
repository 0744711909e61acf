/*
 * The table of configuration keys, with their defaults, limits and readers.
 */
#include "daemon/setting_keys.h"

#include <stdio.h>

#include "daemon/statussocket.h"
#include "sys/system.h"
#include "text/distance.h"

/* The index of a value in a list of words; -1, with a message, for others. */
static int
read_word(struct setting *s, const char *const *words, const char *advice)
{
	struct str value = s->values[0];

	for (int i = 0; words[i] != NULL; i++)
		if (str_equals(value, str_of(words[i])))
			return i;
	return setting_fail(
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
read_status(struct setting *s)
{
	if (s->values[0].len <= STATUSSOCKET_PATH_MAX)
		return setting_text(s);
	return setting_fail(s,
	    "status is \"%.200s\", which is too long for the path of a "
	    "socket; give at most %zu bytes",
	    s->values[0].at, STATUSSOCKET_PATH_MAX);
}

static int
read_workers(struct setting *s)
{
	unsigned *field = setting_field(s);

	if (setting_count(s) == -1)
		return -1;
	if (*field == 0)
		*field = system_cpus();
	if (*field > CONFIG_WORKERS_MAX)
		*field = CONFIG_WORKERS_MAX;
	return 0;
}

#define AT(field) .at = offsetof(struct config, field)
#define OF_HOST .scope = SETTING_HOST
#define HOST(field) OF_HOST, .at = offsetof(struct host_config, field)
#define OF_PATH .scope = SETTING_PATH
#define PART(field) OF_PATH, .at = offsetof(struct rules_part, field)
#define COUNT .read = setting_count, .least = 1, .most = 10000
#define BITS .read = setting_count, .least = 8
#define MS .read = setting_count, .least = 1, .most = 3600000

const struct setting_key setting_keys[] = {
	{ "capsule", "capsule", .read = setting_path, HOST(capsule) },
	{ "names", "localhost", .list = true, .read = settings_listen_names,
	    OF_HOST },
	{ "gemini", "1965", .list = true, .read = settings_listen_gemini },
	{ "gopher", "70", .list = true, .read = settings_listen_gopher,
	    OF_HOST },
	/* After all listeners. */
	{ "proxies", NULL, .list = true, .read = settings_listen_proxies },
	{ "gemini_ports", NULL, .list = true,
	    .read = settings_listen_gemini_ports },
	{ "gopher_host", "", .read = settings_listen_gopher_host, OF_HOST },
	{ "gopher_port", "0", .read = settings_listen_gopher_port, OF_HOST,
	    .most = 65535 },
	{ "gopher_tls", "no", .read = setting_switch, AT(gopher_tls) },
	{ "certs", "certs", .read = setting_path, HOST(certs) },
	{ "state", "", .read = setting_text, AT(state) },
	{ "status", "", .read = read_status, AT(status) },
	{ "user", "", .read = setting_text, AT(user) },
	{ "jail", "on", .read = read_jail },
	{ "limits", "on", .read = read_limits },
	{ "limit_open", "64", COUNT, AT(limits.open) },
	{ "limit_rate", "10", COUNT, AT(limits.rate) },
	{ "limit_burst", "300", COUNT, AT(limits.burst) },
	{ "limit_ipv4_bits", "32", BITS, AT(limits.ipv4_bits), .most = 32 },
	{ "limit_ipv6_bits", "64", BITS, AT(limits.ipv6_bits), .most = 128 },
	{ "workers", "0", .read = read_workers, AT(workers),
	    .most = CONFIG_WORKERS_MAX },
	{ "lang", "", .read = settings_display_lang, OF_PATH },
	{ "width", "67", .read = setting_count, HOST(site.width), .least = 33,
	    .most = 200 },
	{ "alt_text", "yes", .read = setting_switch, HOST(site.alt_text) },
	{ "strict_text", "no", .read = setting_switch, HOST(site.strict_text) },
	{ "hide", "*~ #*#", .list = true, .read = settings_display_hide,
	    OF_HOST },
	{ "listing", "yes", .read = setting_switch, PART(listing) },
	{ "charset", "", .read = settings_path_charset, OF_PATH },
	{ "types", NULL, .list = true, .read = settings_path_types, OF_PATH },
	{ "readers", NULL, .list = true, .read = settings_path_readers,
	    OF_PATH },
	{ "cgi", "", .read = settings_program_cgi, OF_PATH },
	{ "scgi", "", .read = settings_program_scgi, OF_PATH },
	{ "fastcgi", "", .read = settings_program_fastcgi, OF_PATH },
	{ "script", "", .read = settings_program_script, OF_PATH },
	{ "script_timeout_ms", "30000", MS, PART(program.timeout_ms) },
	{ "cgi_read", NULL, .list = true, .read = settings_program_reads,
	    OF_PATH },
	{ "cgi_write", NULL, .list = true, .read = settings_program_writes,
	    OF_PATH },
	{ "cgi_network", "no", .read = setting_switch, PART(program.network) },
	{ "cgi_user", "", .read = setting_text, AT(cgi_user) },
	{ "script_limit", "32", COUNT, AT(script_limit) },
	{ "script_memory", "256", .read = setting_count, .least = 8,
	    .most = 1000000, AT(script_memory) },
	{ "writers", NULL, .list = true, .read = settings_path_writers,
	    OF_PATH },
	{ "upload_limit", "1", COUNT, PART(upload.limit_mib) },
	{ "quota", "64", .read = setting_count, .least = 1, .most = 1000000,
	    PART(upload.quota_mib) },
	{ "delete", "no", .read = setting_switch, PART(upload.deletes) },
	{ "versions", "10", .read = setting_count, .most = 1000,
	    PART(upload.versions) },
	{ "item_types", NULL, .list = true, .read = settings_display_item_types,
	    OF_HOST },
	{ "ask", "/ask", .read = settings_display_builtin,
	    HOST(builtins[BUILTIN_ASK]) },
	{ "watch", "yes", .read = setting_switch, AT(watch) },
	{ "online", "/online", .read = settings_display_builtin,
	    HOST(builtins[BUILTIN_ONLINE]) },
	{ "addresses", "/addresses", .read = settings_display_builtin,
	    HOST(builtins[BUILTIN_ADDRESSES]) },
	{ "gempub", "/capsule.gpub", .read = settings_display_builtin,
	    HOST(builtins[BUILTIN_GEMPUB]) },
	{ "tar", "/capsule.tar.gz", .read = settings_display_builtin,
	    HOST(builtins[BUILTIN_TAR]) },
	{ "manifest", "/manifest", .read = settings_display_builtin,
	    HOST(builtins[BUILTIN_MANIFEST]) },
	{ "archive_limit", "256", .read = setting_count, .least = 1,
	    .most = 1000000, HOST(archive_limit) },
	{ "log_addresses", "no", .read = setting_switch, AT(log_addresses) },
	{ "verbose", "no", .read = setting_switch, AT(verbose) },
	{ "request_timeout_ms", "10000", MS, AT(request_timeout_ms) },
	{ "stall_timeout_ms", "30000", MS, AT(stall_timeout_ms) },
	{ "drain_timeout_ms", "1000", MS, AT(drain_timeout_ms) },
	{ "shutdown_timeout_ms", "30000", MS, AT(shutdown_timeout_ms) },
};

const size_t setting_keys_count = sizeof setting_keys / sizeof setting_keys[0];

/* The key with the spelling closest to `name`; NULL when none is close. */
static const char *
nearest_key(struct str name)
{
	const char *nearest = NULL;
	unsigned most = (unsigned)(name.len < 9 ? name.len / 3 : 3);

	for (size_t i = 0; i < setting_keys_count; i++) {
		unsigned distance =
		    distance_of(name, str_of(setting_keys[i].name), most);

		if (distance <= most) {
			nearest = setting_keys[i].name;
			most = distance > 0 ? distance - 1 : 0;
		}
	}
	return nearest;
}

void
setting_keys_advise(struct str name, char out[64])
{
	const char *nearest = nearest_key(name);

	if (nearest != NULL)
		snprintf(out, 64, "did you mean %s?", nearest);
	else
		snprintf(out, 64, "see capsuled.conf(5)");
}
