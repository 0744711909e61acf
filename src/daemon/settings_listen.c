/*
 * Readers of settings for the capsule's addresses: names, listeners, ports.
 */
#include "daemon/setting.h"

#include <stdbool.h>
#include <string.h>

#include "sys/net.h"
#include "sys/netprefix.h"
#include "text/hostname.h"

static int
read_host(struct setting *s, size_t i, struct str *out)
{
	struct str value = s->values[i], bare = value;

	/* Accept an IPv6 address in brackets, as in URLs and listeners. */
	if (str_starts(value, STR("[")) && str_ends(value, STR("]")) &&
	    str_find(value, ':') < value.len)
		bare = (struct str){ value.at + 1, value.len - 2 };
	if (hostname_normal(&s->config->arena, bare, out) == 0)
		return 0;
	return setting_fail(s,
	    "\"%.99s\" is not a host name, give one like example.org",
	    value.at);
}

/* Reads a host name, or "*." and the end of one. */
static int
read_name(struct setting *s, size_t i, struct str *out)
{
	struct arena *arena = &s->config->arena;
	struct str value = s->values[i], end;
	struct buf name;

	if (!str_starts(value, STR("*")))
		return read_host(s, i, out);
	if (!str_starts(value, STR("*.")) ||
	    hostname_normal(arena, str_tail(value, 2), &end) == -1 ||
	    hostname_is_address(end))
		return setting_fail(s,
		    "\"%.99s\" is not a host name, give one like "
		    "*.example.org",
		    value.at);
	name = buf_in(arena, end.len + 2);
	buf_add(&name, STR("*."));
	buf_add(&name, end);
	*out = buf_str(&name);
	return name.overflow ? setting_fail_memory(s) : 0;
}

int
settings_listen_names(struct setting *s)
{
	struct site *site = &s->host->site;
	size_t count = s->count;
	struct str *names = setting_array(s, count, sizeof *names);

	if (names == NULL)
		return setting_fail_memory(s);
	if (count == 0)
		return setting_fail(s, "names is empty, give at least one");
	site->name_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct str *name = &names[site->name_count];
		bool known = false;

		if (read_name(s, i, name) == -1)
			return -1;
		for (size_t j = 0; j < site->name_count; j++)
			known = known || str_equals(names[j], *name);
		site->name_count += !known;
	}
	site->names = names;
	return 0;
}

struct list {
	struct net_address *all;
	bool *proxied; /* of each: see struct config */
	size_t count;
};

/* The index of the same address with the same fixed port; count: none. */
static size_t
find(const struct list *list, const struct net_address *address)
{
	size_t i = 0;

	while (i < list->count &&
	    (net_port(address) == 0 || !net_equals(address, &list->all[i])))
		i++;
	return i;
}

static bool
has(const struct list *list, const struct net_address *address)
{
	return find(list, address) < list->count;
}

static bool
is_repeated(const struct setting *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_equals(s->values[i], s->values[j]))
			return true;
	return false;
}

/* Whether localhost is the only name: other machines cannot use it. */
static bool
is_local(const struct config *config)
{
	const struct site *site = &config->hosts->site;

	return config->host_count == 1 && site->name_count == 1 &&
	    str_equals(site->names[0], STR("localhost"));
}

/* Removes the word "proxy" at the end of a listener; false if there is none. */
static bool
take_proxy(struct str *value)
{
	size_t space = str_find(*value, ' ');
	bool proxied =
	    str_equals(str_trim_start(str_tail(*value, space)), STR("proxy"));

	if (proxied)
		*value = str_head(*value, space);
	return proxied;
}

/* Parses one value: the number of its addresses, 0 to 2; 0: invalid. */
static size_t
read_addresses(struct setting *s, struct str value, struct net_address found[2])
{
	static const char *const loopback[] = { "127.0.0.1:0", "[::1]:0" };
	char text[NET_TEXT_MAX];
	uint16_t port;

	if (value.len >= sizeof text)
		return 0;
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	if (net_address_parse(text, &found[0]) == -1)
		return 0;
	if (str_find(value, ':') < value.len || !is_local(s->config))
		return 1;
	s->config->loopback = true;
	port = net_port(&found[0]);
	for (size_t j = 0; j < 2; j++) {
		if (net_address_parse(loopback[j], &found[j]) == -1)
			return 0;
		net_port_set(&found[j], port);
	}
	return 2;
}

/*
 * Refuses an address that is in use for Gemini, or for Gopher by a host before
 * this one: a Gopher request names no host.
 */
static int
check_use(
    struct setting *s, const char *text, const struct net_address *address)
{
	const struct config *config = s->config;
	const struct list gemini = { .all = config->gemini,
		.count = config->gemini_count };

	if (s->key->read == settings_listen_gemini)
		return 0;
	if (has(&gemini, address))
		return setting_fail(s,
		    "\"%.99s\" is in use for gemini, choose another port",
		    text);
	for (const struct host_config *host = config->hosts; host < s->host;
	     host++) {
		const struct list list = { .all = host->gopher,
			.count = host->gopher_count };

		if (has(&list, address))
			return setting_fail(s,
			    "\"%.99s\" is the gopher of host \"%.*s\", choose "
			    "another address or port, since Gopher has no host "
			    "names",
			    text, STR_ARG(host->site.names[0]));
	}
	return 0;
}

static int
read_listener(struct setting *s, size_t i, struct list *list)
{
	const char *text = s->values[i].at;
	struct str value = s->values[i];
	struct net_address found[2];
	bool proxied = take_proxy(&value);
	size_t count = read_addresses(s, value, found), at;

	if (count == 0)
		return setting_fail(s,
		    "\"%.99s\" is not a valid address, expected [ADDR:]PORT "
		    "with a port up to 65535, or off",
		    text);
	for (size_t j = 0; j < count; j++) {
		if (check_use(s, text, &found[j]) == -1)
			return -1;
		/*
		 * A port without an address includes its loopback address:
		 * ignore the duplicate.
		 */
		at = find(list, &found[j]);
		if (at < list->count &&
		    (!s->config->loopback || is_repeated(s, i) ||
			list->proxied[at] != proxied))
			return setting_fail(
			    s, "\"%.99s\" is given twice, remove one", text);
		list->all[at] = found[j];
		list->proxied[at] = proxied;
		list->count += at == list->count;
	}
	return 0;
}

static int
read_listeners(struct setting *s, struct list *list)
{
	list->all = setting_array(s, 2 * s->count, sizeof *list->all);
	list->proxied = setting_array(s, 2 * s->count, sizeof *list->proxied);
	list->count = 0;
	if (list->all == NULL || list->proxied == NULL)
		return setting_fail_memory(s);
	if (s->count == 1 && str_equals(s->values[0], STR("off")))
		return 0;
	for (size_t i = 0; i < s->count; i++) {
		if (str_equals(s->values[i], STR("off")))
			return setting_fail(s,
			    "%s has off and an address, give one or the other",
			    s->key->name);
		if (read_listener(s, i, list) == -1)
			return -1;
	}
	return 0;
}

int
settings_listen_gemini(struct setting *s)
{
	struct list list;

	if (read_listeners(s, &list) == -1)
		return -1;
	s->config->gemini = list.all;
	s->config->gemini_proxied = list.proxied;
	s->config->gemini_count = list.count;
	return 0;
}

int
settings_listen_gopher(struct setting *s)
{
	struct list list;

	if (read_listeners(s, &list) == -1)
		return -1;
	s->host->gopher = list.all;
	s->host->gopher_proxied = list.proxied;
	s->host->gopher_count = list.count;
	if (s->config->gemini_count + list.count == 0)
		return setting_fail(s,
		    "gemini and gopher are both off, give one of them a port");
	return 0;
}

static bool
any(const bool *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (all[i])
			return true;
	return false;
}

/* Whether a proxy connects to any listener. */
static bool
has_proxied(const struct config *config)
{
	bool found = any(config->gemini_proxied, config->gemini_count);

	for (size_t i = 0; i < config->host_count; i++)
		found = found ||
		    any(config->hosts[i].gopher_proxied,
			config->hosts[i].gopher_count);
	return found;
}

int
settings_listen_proxies(struct setting *s)
{
	struct config *config = s->config;

	config->proxies = setting_array(s, s->count, sizeof *config->proxies);
	if (config->proxies == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < s->count; i++)
		if (netprefix_parse(s->values[i], &config->proxies[i]) == -1)
			return setting_fail(s,
			    "\"%.99s\" is not an address or network, give one "
			    "like 10.0.0.9, 10.0.0.0/24 or 2001:db8::/64",
			    s->values[i].at);
	config->proxy_count = s->count;
	if (has_proxied(config) && s->count == 0)
		return setting_fail(s,
		    "a listener is for a proxy, but proxies is empty; give "
		    "the addresses of the proxies that may connect");
	if (!has_proxied(config) && s->count > 0)
		return setting_fail(s,
		    "proxies is set, but no listener is for a proxy; add the "
		    "word proxy to one, as in gemini = \"1965 proxy\"");
	return 0;
}

int
settings_listen_gemini_ports(struct setting *s)
{
	struct config *config = s->config;
	size_t count = s->count;
	size_t bound = config->gemini_count;
	uint16_t *ports =
	    setting_array(s, count > 0 ? count : bound, sizeof *ports);

	if (ports == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < count; i++) {
		struct str value = s->values[i];
		unsigned long port;

		if (!str_number(value, 65535, &port) || port == 0)
			return setting_fail(s,
			    "\"%.99s\" is not a port, give a number from 1 to "
			    "65535",
			    value.at);
		ports[i] = (uint16_t)port;
	}
	config->gemini_ports_given = count > 0;
	for (size_t i = 0; count == 0 && i < bound; i++)
		ports[i] = net_port(&config->gemini[i]);
	/* A capsule on Gopher alone has Gemini URLs in its links, too. */
	if (count == 0 && bound == 0)
		ports[bound++] = 1965;
	config->gemini_ports = ports;
	for (size_t i = 0; i < config->host_count; i++) {
		config->hosts[i].site.gemini_ports = ports;
		config->hosts[i].site.gemini_port_count =
		    count > 0 ? count : bound;
	}
	return 0;
}

int
settings_listen_gopher_host(struct setting *s)
{
	struct site *site = &s->host->site;
	size_t i = 0;

	if (s->values[0].len > 0)
		return read_host(s, 0, &site->gopher_host);
	while (i < site->name_count && str_starts(site->names[i], STR("*")))
		i++;
	if (i == site->name_count && s->host->gopher_count > 0)
		return setting_fail(s,
		    "\"%.*s\" cannot be the host of links in menus, give "
		    "gopher_host",
		    STR_ARG(site->names[0]));
	site->gopher_host = site->names[i < site->name_count ? i : 0];
	return 0;
}

int
settings_listen_gopher_port(struct setting *s)
{
	unsigned long port;

	if (setting_number(s, &port) == -1)
		return -1;
	s->host->gopher_port_given = port != 0;
	if (port == 0)
		port =
		    s->host->gopher_count > 0 ? net_port(s->host->gopher) : 70;
	s->host->site.gopher_port = (uint16_t)port;
	s->host->site.has_gopher = s->host->gopher_count > 0;
	return 0;
}
