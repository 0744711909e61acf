/*
 * Settings of where the capsule is reached: names, listeners, ports.  Knows
 * which of them go together; does not know how they are bound.
 */
#include "daemon/reach.h"

#include <stdbool.h>

#include "sys/net.h"
#include "text/hostname.h"

static int
read_host(struct setting *s, size_t i, struct str *out)
{
	struct str value = s->values[i], bare = value;

	/* An IPv6 address as it stands in URLs and listeners. */
	if (str_starts(value, STR("[")) && str_ends(value, STR("]")) &&
	    str_find(value, ':') < value.len)
		bare = (struct str){ value.at + 1, value.len - 2 };
	if (hostname_normal(&s->config->arena, bare, out) == 0)
		return 0;
	return setting_fail(s,
	    "\"%.99s\" is no host name, give one like example.org", value.at);
}

int
reach_names(struct setting *s)
{
	struct site *site = &s->config->site;
	size_t count = s->count;
	struct str *names = setting_array(s, count, sizeof *names);

	if (names == NULL)
		return setting_fail_memory(s);
	if (count == 0)
		return setting_fail(s, "names is empty, give at least one");
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
	struct net_address *all = setting_array(s, count, sizeof *all);

	if (all == NULL)
		return setting_fail_memory(s);
	*out = all;
	*out_count = 0;
	if (count == 1 && str_equals(s->values[0], STR("off")))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct str value = s->values[i];

		if (str_equals(value, STR("off")))
			return setting_fail(s,
			    "%s is off and on, give off alone or leave it out",
			    s->key->name);
		if (net_address_parse(value.at, &all[i]) == -1)
			return setting_fail(s,
			    "\"%.99s\" is no listener, give [ADDR:]PORT, with "
			    "a "
			    "port up to 65535, or off",
			    value.at);
		if (is_taken(&all[i], all, i))
			return setting_fail(s,
			    "\"%.99s\" is given twice, leave one out",
			    value.at);
	}
	*out_count = count;
	return 0;
}

int
reach_gemini(struct setting *s)
{
	struct config *config = s->config;

	return read_listeners(s, &config->gemini, &config->gemini_count);
}

int
reach_gopher(struct setting *s)
{
	struct config *config = s->config;

	if (read_listeners(s, &config->gopher, &config->gopher_count) == -1)
		return -1;
	for (size_t i = 0; i < config->gopher_count; i++)
		if (is_taken(&config->gopher[i], config->gemini,
			config->gemini_count))
			return setting_fail(s,
			    "\"%.99s\" is Gemini's too, give another port",
			    s->values[i].at);
	if (config->gemini_count + config->gopher_count == 0)
		return setting_fail(s,
		    "gemini and gopher are both off, give one of them a port");
	return 0;
}

int
reach_gemini_ports(struct setting *s)
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

int
reach_gopher_host(struct setting *s)
{
	struct site *site = &s->config->site;

	site->gopher_host = site->names[0];
	if (s->values[0].len == 0)
		return 0;
	return read_host(s, 0, &site->gopher_host);
}

int
reach_gopher_port(struct setting *s)
{
	struct config *config = s->config;
	unsigned long port;

	if (setting_number(s, &port) == -1)
		return -1;
	config->gopher_port_given = port != 0;
	if (port == 0)
		port = config->gopher_count > 0 ? net_port(config->gopher) : 70;
	config->site.gopher_port = (uint16_t)port;
	return 0;
}
