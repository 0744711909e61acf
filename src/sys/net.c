/*
 * Network addresses, and listening and connected sockets.
 */
#include "sys/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/system.h"

/* A shorter queue loses SYNs in a burst, and each costs its client a second. */
#define BACKLOG 4096

/* Harmless replacements for options that a system lacks. */
#ifndef TCP_DEFER_ACCEPT
#define TCP_DEFER_ACCEPT TCP_NODELAY
#endif
#ifndef TCP_QUICKACK
#define TCP_QUICKACK TCP_NODELAY
#endif

/* The time for which the kernel may withhold a client that has sent nothing. */
#define DEFER_SECONDS 10

int
net_address_parse(const char *text, struct net_address *out)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	struct addrinfo *found;
	struct str port = str_of(text), host = { 0 };
	char host_text[NET_TEXT_MAX];
	unsigned long number;
	const char *colon = strrchr(text, ':');

	if (colon != NULL) {
		host = str_head(port, (size_t)(colon - text));
		port = str_of(colon + 1);
	}
	if (host.len > 2 && host.at[0] == '[' && str_ends(host, STR("]")))
		host = (struct str){ host.at + 1, host.len - 2 };
	else if (str_find(host, ':') < host.len ||
	    (colon != NULL && host.len == 0))
		return -1;
	if (!str_number(port, UINT16_MAX, &number) ||
	    host.len >= sizeof host_text)
		return -1;
	*out = (struct net_address){ 0 };
	if (host.len == 0) {
		struct sockaddr_in6 any = { .sin6_family = AF_INET6,
			.sin6_addr = in6addr_any };

		memcpy(&out->at, &any, sizeof any);
		out->len = sizeof any;
	} else {
		snprintf(host_text, sizeof host_text, "%.*s", STR_ARG(host));
		if (getaddrinfo(host_text, NULL, &hints, &found) != 0)
			return -1;
		memcpy(&out->at, found->ai_addr, found->ai_addrlen);
		out->len = found->ai_addrlen;
		freeaddrinfo(found);
	}
	net_port_set(out, (uint16_t)number);
	return 0;
}

struct net_address
net_address_of(const unsigned char *bytes, size_t len, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct net_address address = { .len = sizeof six };

	if (len == 4)
		memset(&six.sin6_addr.s6_addr[10], 0xff, 2);
	memcpy(&six.sin6_addr.s6_addr[16 - len], bytes, len);
	memcpy(&address.at, &six, sizeof six);
	return address;
}

static bool
is_ipv6(const struct net_address *address)
{
	return address->at.ss_family == AF_INET6;
}

int
net_address_local(const char *path, struct net_address *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	errno = ENAMETOOLONG;
	if (len >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, len);
	*out = (struct net_address){ .len = sizeof address };
	memcpy(&out->at, &address, sizeof address);
	return 0;
}

void
net_address_format(const struct net_address *address, char text[NET_TEXT_MAX])
{
	char host[NET_TEXT_MAX];

	if (getnameinfo((const struct sockaddr *)&address->at, address->len,
		host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(host, sizeof host, "?");
	snprintf(text, NET_TEXT_MAX,
	    is_ipv6(address) ? "[%.70s]:%u" : "%.70s:%u", host,
	    net_port(address));
}

void
net_host_format(const struct net_address *address, char text[NET_TEXT_MAX])
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	const void *bytes = &four.sin_addr;
	int family = AF_INET;

	if (is_ipv6(address)) {
		memcpy(&six, &address->at, sizeof six);
		bytes = &six.sin6_addr;
		family = AF_INET6;
		/* An IPv4 client on a socket of both families. */
		if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
			bytes = &six.sin6_addr.s6_addr[12];
			family = AF_INET;
		}
	} else {
		memcpy(&four, &address->at, sizeof four);
	}
	if (inet_ntop(family, bytes, text, NET_TEXT_MAX) == NULL)
		snprintf(text, NET_TEXT_MAX, "?");
}

uint16_t
net_port(const struct net_address *address)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (is_ipv6(address)) {
		memcpy(&six, &address->at, sizeof six);
		return ntohs(six.sin6_port);
	}
	memcpy(&four, &address->at, sizeof four);
	return ntohs(four.sin_port);
}

void
net_port_set(struct net_address *address, uint16_t port)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (is_ipv6(address)) {
		memcpy(&six, &address->at, sizeof six);
		six.sin6_port = htons(port);
		memcpy(&address->at, &six, sizeof six);
	} else {
		memcpy(&four, &address->at, sizeof four);
		four.sin_port = htons(port);
		memcpy(&address->at, &four, sizeof four);
	}
}

bool
net_equals(const struct net_address *a, const struct net_address *b)
{
	return a->len == b->len && memcmp(&a->at, &b->at, a->len) == 0;
}

/* Sets `bytes` to the address; returns its length. */
static size_t
address_bytes(const struct net_address *address, unsigned char bytes[16])
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (!is_ipv6(address)) {
		memcpy(&four, &address->at, sizeof four);
		memcpy(bytes, &four.sin_addr, 4);
		return 4;
	}
	memcpy(&six, &address->at, sizeof six);
	memcpy(bytes, &six.sin6_addr, 16);
	if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
		return 16;
	memmove(bytes, bytes + 12, 4);
	return 4;
}

bool
net_is_loopback(const struct net_address *address)
{
	unsigned char bytes[16];

	if (address_bytes(address, bytes) == 4)
		return bytes[0] == 127;
	return memcmp(bytes, &in6addr_loopback, sizeof bytes) == 0;
}

/* Whether `a` is the wildcard address for the family of `b`. */
static bool
covers(const struct net_address *a, const struct net_address *b)
{
	unsigned char bytes[16], none[16] = { 0 };
	size_t len = address_bytes(a, bytes);

	if (memcmp(bytes, none, len) != 0)
		return false;
	/* The IPv6 wildcard address accepts IPv4 clients, too. */
	return len == 16 || address_bytes(b, bytes) == 4;
}

bool
net_overlaps(const struct net_address *a, const struct net_address *b)
{
	return net_port(a) != 0 && net_port(a) == net_port(b) &&
	    (covers(a, b) || covers(b, a));
}

static void
keep_bits(unsigned char *bytes, size_t len, unsigned bits)
{
	for (size_t i = 0; i < len; i++) {
		unsigned kept = bits < 8 ? bits : 8;

		bytes[i] &= (unsigned char)(0xff00u >> kept);
		bits -= kept;
	}
}

size_t
net_network(const struct net_address *address, unsigned ipv4_bits,
    unsigned ipv6_bits, unsigned char bytes[16])
{
	size_t len = address_bytes(address, bytes);

	keep_bits(bytes, len, len == 4 ? ipv4_bits : ipv6_bits);
	return len;
}

static int
set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

void
net_tune_listener(int fd)
{
	/* Sockets that accept(2) returns inherit the second option. */
	(void)set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS);
	(void)set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/*
 * Opens a listening socket, with SO_REUSEPORT set before the bind if `shared`,
 * otherwise after it.
 */
static int
listen_on(const struct net_address *address, bool shared)
{
	int fd = socket(address->at.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	/* OpenBSD refuses this: there each family needs its own socket. */
	if (is_ipv6(address))
		(void)set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1 ||
	    set_option(fd, SOL_SOCKET, SO_REUSEPORT, shared) == -1 ||
	    bind(fd, (const struct sockaddr *)&address->at, address->len) ==
		-1 ||
	    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) == -1 ||
	    listen(fd, BACKLOG) == -1)
		goto failed;
	net_tune_listener(fd);
	return fd;
failed:
	process_close(fd);
	return -1;
}

/* The IPv4 wildcard address, for a system without IPv6. */
static void
fall_back_to_ipv4(struct net_address *address)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_port = htons(net_port(address)) };

	*address = (struct net_address){ .len = sizeof any };
	memcpy(&address->at, &any, sizeof any);
}

static bool
is_any_ipv6(const struct net_address *address)
{
	struct sockaddr_in6 six;

	memcpy(&six, &address->at, sizeof six);
	return is_ipv6(address) && IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
}

/* Opens another socket on the address of `first`. */
static int
listen_more(const struct net_address *address, int first)
{
	return system_spreads_connections() ? listen_on(address, true)
					    : fcntl(first, F_DUPFD_CLOEXEC, 0);
}

int
net_listen(
    struct net_address *address, int *sockets, size_t count, bool overlaps)
{
	size_t opened = 0;
	int error;

	/*
	 * Bind the first socket without sharing, so that an address in use by
	 * another process is an error even if that process shares it. Then
	 * share.
	 */
	sockets[0] = listen_on(address, overlaps);
	if (sockets[0] == -1 && is_any_ipv6(address) &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		fall_back_to_ipv4(address);
		sockets[0] = listen_on(address, overlaps);
	}
	if (sockets[0] == -1)
		return -1;
	opened = 1;
	address->len = sizeof address->at;
	if (getsockname(sockets[0], (struct sockaddr *)&address->at,
		&address->len) == -1)
		goto failed;
	for (; opened < count; opened++) {
		sockets[opened] = listen_more(address, sockets[0]);
		if (sockets[opened] == -1)
			goto failed;
	}
	return 0;
failed:
	error = errno;
	while (opened > 0)
		close(sockets[--opened]);
	errno = error;
	return -1;
}

bool
net_listens_on(int fd, const struct net_address *address)
{
	struct net_address bound = { .len = sizeof bound.at };
	int listens = 0;
	socklen_t len = sizeof listens;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	    listens != 0 &&
	    getsockname(fd, (struct sockaddr *)&bound.at, &bound.len) == 0 &&
	    net_equals(&bound, address);
}

int
net_accept(int listener, struct net_address *peer)
{
	peer->len = sizeof peer->at;
	return accept4(listener, (struct sockaddr *)&peer->at, &peer->len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int
net_local_address(int fd, struct net_address *out)
{
	out->len = sizeof out->at;
	return getsockname(fd, (struct sockaddr *)&out->at, &out->len);
}

static ssize_t
receive(int fd, char *at, size_t room, int flags)
{
	ssize_t got;

	do
		got = recv(fd, at, room, flags);
	while (got == -1 && errno == EINTR);
	if (got > 0)
		return got;
	if (got == 0)
		return IO_CLOSED;
	return errno == EAGAIN || errno == EWOULDBLOCK ? IO_WANT_READ
						       : IO_FAILED;
}

ssize_t
net_receive(int fd, char *at, size_t room)
{
	return receive(fd, at, room, 0);
}

ssize_t
net_peek(int fd, char *at, size_t room)
{
	return receive(fd, at, room, MSG_PEEK);
}

void
net_acknowledge(int fd)
{
	(void)set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
}

void
net_reset_on_close(int fd, bool resets)
{
	struct linger linger = { .l_onoff = resets, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}
