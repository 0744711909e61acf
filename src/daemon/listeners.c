/*
 * The master's listening sockets: opens them, assigns them to workers, and
 * keeps them over reloads.
 */
#include "daemon/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/log.h"

/*
 * Finds the `nth` listener with the configured address `asked`; only an address
 * with port 0 can be repeated.
 */
static const struct listeners_address *
find(const struct listeners *listeners, const struct net_address *asked,
    size_t nth)
{
	for (size_t i = 0; listeners != NULL && i < listeners->count; i++)
		if (net_equals(&listeners->addresses[i].asked, asked) &&
		    nth-- == 0)
			return &listeners->addresses[i];
	return NULL;
}

/* Counts the earlier entries with the same configured address as `at`. */
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

/* Whether an open socket would accept clients of `address` as well. */
static bool
overlaps(const struct listeners *listeners, const struct net_address *address)
{
	for (size_t i = 0; listeners != NULL && i < listeners->count; i++)
		if (net_overlaps(&listeners->addresses[i].bound, address))
			return true;
	return false;
}

/*
 * Whether `asked`, ::1 with port 0, should get the port that was bound for the
 * address before it, 127.0.0.1, because localhost means both.
 */
static bool
shares_port(const struct listeners *listeners, const struct net_address *asked)
{
	const struct listeners_address *last;

	if (listeners->count == 0 || net_port(asked) != 0)
		return false;
	last = &listeners->addresses[listeners->count - 1];
	return net_port(&last->asked) == 0 &&
	    !net_equals(&last->asked, asked) && net_is_loopback(&last->asked) &&
	    net_is_loopback(asked);
}

/* Opens the sockets of the next address. */
static int
open_sockets(struct listeners *listeners, struct listeners_address *address,
    const struct listeners *old)
{
	bool shared = shares_port(listeners, &address->asked);

	if (shared)
		net_port_set(&address->bound, net_port(&address[-1].bound));
	for (;;) {
		if (net_listen(&address->bound, address->sockets,
			listeners->sockets_each,
			overlaps(listeners, &address->bound) ||
			    overlaps(old, &address->bound)) == 0)
			return 0;
		if (!shared || errno != EADDRINUSE)
			return -1;
		/* Another program uses that port of ::1: take any port. */
		address->bound = address->asked;
		shared = false;
	}
}

static int
open_address(struct listeners *listeners, const struct net_address *asked,
    const struct conn_kind *kind, const struct listeners *old)
{
	struct listeners_address *address =
	    &listeners->addresses[listeners->count];
	const struct listeners_address *known;
	size_t nth;

	address->asked = address->bound = *asked;
	nth = nth_of(listeners, listeners->count);
	if (nth > 0 && net_port(asked) != 0) {
		errno = EADDRINUSE;
		return -1;
	}
	/* Reuse the sockets even if the protocol changes. */
	known = find(old, asked, nth);
	if (known != NULL)
		*address = *known;
	address->kind = *kind;
	if (known == NULL && open_sockets(listeners, address, old) == -1)
		return -1;
	listeners->count++;
	return 0;
}

/* Whether listening failed because this machine has no ::1. */
static bool
may_be_left_out(const struct config *config, const struct net_address *asked)
{
	return config->loopback && net_is_loopback(asked) &&
	    asked->at.ss_family == AF_INET6 &&
	    (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
}

static int
open_all(struct listeners *listeners, const struct config *config,
    const struct listeners *old, struct net_address const **failed)
{
	struct conn_kind of_gemini = { .protocol = &gemini,
		.tls = TRANSPORT_TLS_ALWAYS };
	struct conn_kind of_gopher = { .protocol = &gopher,
		.tls = config->gopher_tls ? TRANSPORT_TLS_DETECT
					  : TRANSPORT_TLS_NEVER };

	for (size_t i = 0; i < config->gemini_count; i++) {
		*failed = &config->gemini[i];
		of_gemini.proxied = config->gemini_proxied[i];
		if (open_address(listeners, *failed, &of_gemini, old) == -1 &&
		    !may_be_left_out(config, *failed))
			return -1;
	}
	for (size_t i = 0; i < config->gopher_count; i++) {
		*failed = &config->gopher[i];
		of_gopher.host = config->gopher_hosts[i];
		of_gopher.proxied = config->gopher_proxied[i];
		if (open_address(listeners, *failed, &of_gopher, old) == -1 &&
		    !may_be_left_out(config, *failed))
			return -1;
	}
	return 0;
}

/* Fills in the bound ports where none was configured. */
static void
fill_ports(const struct listeners *listeners, struct config *config)
{
	size_t gemini_seen = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listeners_address *address =
		    &listeners->addresses[i];
		uint16_t port = net_port(&address->bound);

		if (address->kind.protocol == &gemini &&
		    !config->gemini_ports_given)
			config->gemini_ports[gemini_seen++] = port;
	}
	/* The first listener of a host comes last. */
	for (size_t i = listeners->count; i-- > 0;) {
		const struct listeners_address *address =
		    &listeners->addresses[i];
		struct host_config *host = &config->hosts[address->kind.host];

		if (address->kind.protocol == &gopher &&
		    !host->gopher_port_given)
			host->site.gopher_port = net_port(&address->bound);
	}
	for (size_t i = 0; gemini_seen > 0 && i < config->host_count; i++)
		config->hosts[i].site.gemini_port_count = gemini_seen;
}

/* Names the option or key that chooses the port of an address. */
static void
name_choice(const struct config *config, const struct net_address *failed,
    bool is_in_use, char *text, size_t size)
{
	bool is_gopher = failed >= config->gopher &&
	    failed < config->gopher + config->gopher_count;
	size_t host =
	    is_gopher ? config->gopher_hosts[failed - config->gopher] : 0;
	const struct config_place *place = &config->hosts[host].place;
	int port = is_gopher ? 7070 : 1965;

	/* Another port than the one in use. */
	if (is_in_use)
		port += net_port(failed) == port + 1 ? 2 : 1;
	/* -G sets the listeners of the first host alone. */
	if (host > 0)
		snprintf(text, size, "the key gopher of the host at %s:%d",
		    place->file, place->line);
	else
		snprintf(text, size, "-%c %d", is_gopher ? 'G' : 'g', port);
}

/* Describes the failure in errno, and suggests a remedy. */
static void
explain(const struct config *config, const struct net_address *failed,
    char *error, size_t size)
{
	const char *reason = strerror(errno);
	char text[NET_TEXT_MAX], choice[256];

	name_choice(config, failed, errno == EADDRINUSE, choice, sizeof choice);
	net_address_format(failed, text);
	if (errno == EADDRINUSE)
		snprintf(error, size,
		    "cannot listen on %s: %s; stop the program that uses it, "
		    "or choose another port with %s",
		    text, reason, choice);
	else if (errno == EACCES)
		snprintf(error, size,
		    "cannot listen on %s: %s; ports below 1024 need root or "
		    "CAP_NET_BIND_SERVICE: choose another port with %s",
		    text, reason, choice);
	else
		snprintf(error, size,
		    "cannot listen on %s: %s; choose an address of this "
		    "machine",
		    text, reason);
}

int
listeners_open(struct listeners *listeners, struct config *config,
    const struct listeners *old, char *error, size_t error_size)
{
	const struct net_address *failed = NULL;

	*listeners = (struct listeners){
		.sockets_each =
		    old != NULL ? old->sockets_each : config->workers,
		.addresses = calloc(config->gemini_count + config->gopher_count,
		    sizeof *listeners->addresses),
	};
	if (listeners->addresses == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	if (open_all(listeners, config, old, &failed) == -1) {
		explain(config, failed, error, error_size);
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
		struct listeners_address *address = &listeners->addresses[i];

		if (find(kept, &address->asked, nth_of(listeners, i)) != NULL)
			continue;
		for (size_t j = 0; j < listeners->sockets_each; j++)
			close(address->sockets[j]);
	}
	free(listeners->addresses);
	*listeners = (struct listeners){ 0 };
}

/* Listens again on a service manager's socket, or opens another socket. */
static int
reopen(
    const struct listeners_address *address, int *fd, struct net_address *bound)
{
	if (address->activated == NULL)
		return net_listen(bound, fd, 1, true);
	if (listen(*fd, SOMAXCONN) == -1)
		return -1;
	errno = EADDRNOTAVAIL;
	return net_listens_on(*fd, bound) ? 0 : -1;
}

/*
 * Reopens the socket `at` of an address if it does not listen, and resets
 * SO_LINGER, which accepted sockets inherit.
 */
static bool
mend(struct listeners_address *address, size_t at)
{
	struct net_address bound = address->bound;
	char text[NET_TEXT_MAX];
	int fd = address->sockets[at];

	if (net_listens_on(fd, &bound)) {
		net_reset_on_close(fd, false);
		return true;
	}
	net_address_format(&bound, text);
	if (reopen(address, &fd, &bound) == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "master: %s: a socket was shut down, and cannot be opened "
		    "again: %s",
		    text, strerror(errno));
		return false;
	}
	log_line(LOG_LEVEL_WARN,
	    "master: %s: a socket was shut down; opened it again", text);
	if (fd != address->sockets[at])
		close(address->sockets[at]);
	address->sockets[at] = fd;
	return true;
}

void
listeners_mend(const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		for (size_t j = 0; j < listeners->sockets_each; j++)
			(void)mend(&listeners->addresses[i], j);
}

void
listeners_describe(const struct listeners *listeners, struct buf *out)
{
	char asked[NET_TEXT_MAX], bound[NET_TEXT_MAX];

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listeners_address *address =
		    &listeners->addresses[i];

		net_address_format(&address->asked, asked);
		net_address_format(&address->bound, bound);
		buf_printf(out, " %s=%s,%s",
		    address->activated != NULL ? address->activated->name
					       : "listeners",
		    asked, bound);
		for (size_t j = 0; j < listeners->sockets_each; j++)
			buf_printf(out, ",%d", address->sockets[j]);
	}
}

void
listeners_inherit(const struct listeners *listeners, bool inherit)
{
	for (size_t i = 0; i < listeners->count; i++)
		for (size_t j = 0; j < listeners->sockets_each; j++)
			(void)fcntl(listeners->addresses[i].sockets[j], F_SETFD,
			    inherit ? 0 : FD_CLOEXEC);
}

/* Parses "ASKED,BOUND,FD,FD..."; the number of sockets, 0 if malformed. */
static size_t
read_address(struct listeners_address *address, struct str word)
{
	struct net_address *const addresses[] = { &address->asked,
		&address->bound };
	char text[NET_TEXT_MAX];
	unsigned long fd;
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		struct str part = str_cut(&word, ',');

		snprintf(text, sizeof text, "%.*s", STR_ARG(part));
		if (net_address_parse(text, addresses[i]) == -1)
			return 0;
	}
	while (word.len > 0 && count < CONFIG_WORKERS_MAX) {
		if (!str_number(str_cut(&word, ','), INT_MAX, &fd))
			return 0;
		address->sockets[count++] = (int)fd;
	}
	return count;
}

void
listeners_adopt(struct listeners *listeners, struct str word,
    const struct protocol *activated)
{
	struct listeners_address *addresses = realloc(
	    listeners->addresses, (listeners->count + 1) * sizeof *addresses);
	struct listeners_address *address;
	size_t count, good = 0;

	if (addresses == NULL)
		return;
	listeners->addresses = addresses;
	address = &addresses[listeners->count];
	*address = (struct listeners_address){ .activated = activated };
	count = read_address(address, word);
	if (count == 0 ||
	    (listeners->count > 0 && listeners->sockets_each != count))
		return;
	for (size_t i = 0; i < count; i++) {
		(void)fcntl(address->sockets[i], F_SETFD, FD_CLOEXEC);
		good += mend(address, i);
	}
	if (good < count) {
		for (size_t i = 0; i < count; i++)
			close(address->sockets[i]);
		return;
	}
	listeners->sockets_each = count;
	listeners->count++;
}

/*
 * With fewer workers than at the start, each takes several sockets: the kernel
 * would queue clients on an unused socket, too.
 */
struct worker_socket *
listeners_of_worker(const struct listeners *listeners, size_t slot,
    size_t workers, size_t *count)
{
	struct worker_socket *sockets =
	    calloc(listeners->count * listeners->sockets_each, sizeof *sockets);

	*count = 0;
	for (size_t i = 0; sockets != NULL && i < listeners->count; i++) {
		const struct listeners_address *address =
		    &listeners->addresses[i];

		for (size_t j = slot; j < listeners->sockets_each; j += workers)
			sockets[(*count)++] = (struct worker_socket){
				.fd = address->sockets[j],
				.kind = address->kind,
				.activated = address->activated != NULL,
			};
	}
	return sockets;
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
