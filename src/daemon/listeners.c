/*
 * Listening sockets over the life of the master.  Knows which belong to
 * which worker, and which a reload keeps.
 */
#include "daemon/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"

#define SOCKETS_MAX 256

struct listener_address {
	struct net_address asked, bound;
	struct conn_kind kind;
	int sockets[SOCKETS_MAX]; /* listeners.sockets_each of them */
};

/*
 * The listener that was asked for as the `nth` of those with its address;
 * more than one is port 0, asked for again.
 */
static const struct listener_address *
find(const struct listeners *listeners, const struct net_address *asked,
    size_t nth)
{
	for (size_t i = 0; listeners != NULL && i < listeners->count; i++)
		if (net_equals(&listeners->addresses[i].asked, asked) &&
		    nth-- == 0)
			return &listeners->addresses[i];
	return NULL;
}

/* How many before the entry `at` ask for the same. */
static size_t
nth_of(const struct listeners *listeners, size_t at)
{
	size_t nth = 0;

	for (size_t i = 0; i < at; i++)
		if (net_equals(&listeners->addresses[i].asked,
			&listeners->addresses[at].asked))
			nth++;
	return nth;
}

static const char *
remedy(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "stop what listens there, choose another port with -g "
		       "or -G, or, if it is this server itself, restart it";
	case EACCES: return "choose a port above 1023, or start as root";
	case EADDRNOTAVAIL: return "choose an address of this machine";
	default: return "choose another address";
	}
}

static int
open_address(struct listeners *listeners, const struct net_address *asked,
    const struct conn_kind *kind, const struct listeners *old)
{
	struct listener_address *address =
	    &listeners->addresses[listeners->count];
	const struct listener_address *known;
	size_t nth;

	address->asked = address->bound = *asked;
	nth = nth_of(listeners, listeners->count);
	if (nth > 0 && net_port(asked) != 0) {
		errno = EADDRINUSE;
		return -1;
	}
	/* Whichever protocol it spoke: the sockets do not know. */
	known = find(old, asked, nth);
	if (known != NULL)
		*address = *known;
	address->kind = *kind;
	if (known == NULL &&
	    net_listen(&address->bound, address->sockets,
		listeners->sockets_each) == -1)
		return -1;
	listeners->count++;
	return 0;
}

static int
open_all(struct listeners *listeners, const struct config *config,
    const struct listeners *old, struct net_address const **failed)
{
	const struct conn_kind of_gemini = { &gemini, TRANSPORT_TLS_ALWAYS };
	const struct conn_kind of_gopher = { &gopher,
		config->gopher_tls ? TRANSPORT_TLS_DETECT
				   : TRANSPORT_TLS_NEVER };

	for (size_t i = 0; i < config->gemini_count; i++) {
		*failed = &config->gemini[i];
		if (open_address(listeners, *failed, &of_gemini, old) == -1)
			return -1;
	}
	for (size_t i = 0; i < config->gopher_count; i++) {
		*failed = &config->gopher[i];
		if (open_address(listeners, *failed, &of_gopher, old) == -1)
			return -1;
	}
	return 0;
}

/* Says the ports that were bound wherever none was configured. */
static void
fill_ports(const struct listeners *listeners, struct config *config)
{
	size_t gemini_seen = 0;
	bool gopher_seen = config->gopher_port_given;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener_address *address =
		    &listeners->addresses[i];
		uint16_t port = net_port(&address->bound);

		if (address->kind.protocol == &gopher && !gopher_seen) {
			config->site.gopher_port = port;
			gopher_seen = true;
		}
		if (address->kind.protocol == &gemini &&
		    !config->gemini_ports_given)
			config->gemini_ports[gemini_seen++] = port;
	}
}

int
listeners_open(struct listeners *listeners, struct config *config,
    const struct listeners *old, char *error, size_t error_size)
{
	const struct net_address *failed = NULL;
	char text[NET_TEXT_MAX] = "memory";
	int why;

	*listeners = (struct listeners){
		.sockets_each =
		    old != NULL ? old->sockets_each : config->workers,
		.addresses = calloc(config->gemini_count + config->gopher_count,
		    sizeof *listeners->addresses),
	};
	if (listeners->sockets_each > SOCKETS_MAX)
		listeners->sockets_each = SOCKETS_MAX;
	if (listeners->addresses == NULL ||
	    open_all(listeners, config, old, &failed) == -1) {
		why = errno;
		if (failed != NULL)
			net_address_format(failed, text);
		snprintf(error, error_size, "%s: cannot listen: %s; %s", text,
		    strerror(why), remedy(why));
		listeners_close(listeners, old);
		return -1;
	}
	fill_ports(listeners, config);
	return 0;
}

void
listeners_close(struct listeners *listeners, const struct listeners *kept)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener_address *address = &listeners->addresses[i];

		if (find(kept, &address->asked, nth_of(listeners, i)) != NULL)
			continue;
		for (size_t j = 0; j < listeners->sockets_each; j++)
			close(address->sockets[j]);
	}
	free(listeners->addresses);
	*listeners = (struct listeners){ 0 };
}

/*
 * With fewer workers than at the start, each takes several sockets: one
 * that nobody accepted from would still be given clients.
 */
size_t
listeners_of_worker(const struct listeners *listeners, size_t slot,
    size_t workers, struct worker_socket *sockets)
{
	size_t count = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener_address *address =
		    &listeners->addresses[i];

		for (size_t j = slot; j < listeners->sockets_each; j += workers)
			sockets[count++] = (struct worker_socket){
				.fd = address->sockets[j],
				.kind = address->kind,
			};
	}
	return count;
}

size_t
listeners_room(const struct listeners *listeners)
{
	return listeners->count * listeners->sockets_each;
}

void
listeners_close_others(
    const struct listeners *listeners, size_t slot, size_t workers)
{
	for (size_t i = 0; i < listeners->count; i++)
		for (size_t j = 0; j < listeners->sockets_each; j++)
			if (j % workers != slot)
				close(listeners->addresses[i].sockets[j]);
}

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
listeners_log_ready(
    const struct listeners *listeners, const struct config *config)
{
	char text[2048];
	struct buf line = buf_over(text, sizeof text);

	buf_add(&line, STR("ready"));
	describe(listeners, &gemini, &line);
	describe(listeners, &gopher, &line);
	log_field(&line, "capsule", str_of(config->capsule));
	log_field(&line, "name", config->site.names[0]);
	buf_printf(&line, " workers=%zu", config->workers);
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

void
listeners_print_urls(const struct config *config)
{
	const struct site *site = &config->site;
	char text[1024];
	struct buf out = buf_over(text, sizeof text);

	if (config->gemini_count > 0) {
		buf_add(&out, STR("gemini"));
		add_url(&out, site->names[0], site->gemini_ports[0], 1965);
	}
	if (config->gopher_count > 0) {
		buf_add(&out, STR("gopher"));
		add_url(&out, site->gopher_host, site->gopher_port, 70);
	}
	log_output(buf_str(&out));
}
