/*
 * Reports a start: logs the bound addresses, and prints the URLs of the
 * capsules.
 */
#include "daemon/ready.h"

#include "sys/log.h"

static void
describe(const struct listeners *listeners, const struct protocol *protocol,
    struct buf *out)
{
	char text[NET_TEXT_MAX];
	bool first = true;

	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->addresses[i].kind.protocol != protocol)
			continue;
		net_address_format(&listeners->addresses[i].bound, text);
		if (first)
			buf_printf(out, " %s=", protocol->name);
		else
			buf_char(out, ',');
		buf_add(out, str_of(text));
		first = false;
	}
}

void
ready_log(const struct listeners *listeners, const struct config *config)
{
	char text[2048];
	struct buf line = buf_over(text, sizeof text);

	if (config->loopback)
		log_line(LOG_LEVEL_INFO,
		    "no name given: listening for this machine only; "
		    "-n NAME admits other machines");
	buf_add(&line, STR("ready"));
	describe(listeners, &gemini, &line);
	describe(listeners, &gopher, &line);
	log_field(&line, "capsule", str_of(config->hosts->capsule));
	log_field(&line, "name", config->hosts->site.names[0]);
	if (config->host_count > 1)
		buf_printf(&line, " hosts=%zu", config->host_count);
	buf_printf(&line, " workers=%u", config->workers);
	log_info(buf_str(&line));
}

static void
add_url(struct buf *out, struct str host, unsigned port, unsigned usual)
{
	buf_add(out, STR("://"));
	site_add_host(out, host);
	if (port != usual)
		buf_printf(out, ":%u", port);
	buf_add(out, STR("/\n"));
}

static void
print_urls(const struct config *config, const struct host_config *host)
{
	const struct site *site = &host->site;
	struct str name = site_name(site);
	char text[1024];
	struct buf out = buf_over(text, sizeof text);

	if (config->gemini_count > 0 && name.len > 0) {
		buf_add(&out, STR("gemini"));
		add_url(&out, name, site->gemini_ports[0], 1965);
	}
	if (host->gopher_count > 0) {
		buf_add(&out, STR("gopher"));
		add_url(&out, site->gopher_host, site->gopher_port, 70);
	}
	log_output(buf_str(&out));
}

void
ready_print_urls(const struct config *config)
{
	for (size_t i = 0; i < config->host_count; i++)
		print_urls(config, &config->hosts[i]);
}
