#ifndef SYS_NET_H
#define SYS_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "text/attribute.h"
#include "text/str.h"

/* The largest text of an address, with brackets, scope and port. */
#define NET_TEXT_MAX 80

/* An address and port to listen on. */
struct net_address {
	struct sockaddr_storage at;
	socklen_t len;
};

/*
 * Parses "[ADDR:]PORT": a numeric IPv4 address, or an IPv6 one in brackets;
 * without address, all addresses of both families. Port 0 means any free port.
 * Returns -1 on a syntax error.
 */
MUST_USE int net_address_parse(const char *text, struct net_address *out);

/*
 * Makes an address of `len` bytes, 16 for IPv6 or 4 for IPv4, which becomes an
 * IPv4-mapped one.
 */
struct net_address
net_address_of(const unsigned char *bytes, size_t len, uint16_t port);

/* Makes the address of the local socket `path`; -1 with errno set. */
MUST_USE int net_address_local(const char *path, struct net_address *out);

/* Writes "ADDR:PORT", an IPv6 address in brackets. */
void
net_address_format(const struct net_address *address, char text[NET_TEXT_MAX]);

/* Writes the address alone, without port; an IPv4-mapped one as IPv4. */
void
net_host_format(const struct net_address *address, char text[NET_TEXT_MAX]);

uint16_t net_port(const struct net_address *address);
void net_port_set(struct net_address *address, uint16_t port);
bool net_equals(const struct net_address *a, const struct net_address *b);

/* Whether it is a loopback address: 127.0.0.0/8 or ::1. */
bool net_is_loopback(const struct net_address *address);

/*
 * Copies an address to `bytes`, with zeros after the first ipv4_bits or
 * ipv6_bits bits. Returns the length: 4, also for an IPv4-mapped address, or
 * 16.
 */
size_t net_network(const struct net_address *address, unsigned ipv4_bits,
    unsigned ipv6_bits, unsigned char bytes[16]);

/*
 * Whether two addresses have the same port, not 0, and one of them is the
 * wildcard address for the family of the other. The kernel gives a client to
 * the more specific one.
 */
bool net_overlaps(const struct net_address *a, const struct net_address *b);

/*
 * Opens `count` listening sockets on one address, among which the kernel
 * spreads new connections. Fails with EADDRINUSE if another process, of any
 * user, listens there. With `overlaps`, for an address that overlaps one where
 * this process already listens, this is not checked. A port 0 in `address` is
 * replaced by the bound port; without IPv6, the wildcard address of both
 * families becomes that of IPv4. Returns -1 with errno set.
 */
MUST_USE int net_listen(
    struct net_address *address, int *sockets, size_t count, bool overlaps);

/*
 * Sets the options of a listening socket, where the system has them. With
 * TCP_DEFER_ACCEPT, a client is accepted when its first bytes arrive, or after
 * some seconds; with TCP_NODELAY, small segments are sent at once.
 */
void net_tune_listener(int fd);

/* Whether a socket listens on that address. */
bool net_listens_on(int fd, const struct net_address *address);

/*
 * The result of an operation on a connection when it is not a number of bytes.
 * A TLS write may need to read, and the other way round.
 */
enum io {
	IO_DONE = 0,
	IO_WANT_READ = -1,
	IO_WANT_WRITE = -2,
	IO_CLOSED = -3, /* closed by the peer in the regular way */
	IO_FAILED = -4, /* errno is set if the system gave a reason */
};

/*
 * Accepts one waiting client: a non-blocking, close-on-exec socket with
 * TCP_NODELAY. Returns -1 with errno set.
 */
MUST_USE int net_accept(int listener, struct net_address *peer);

/* The local address of a connection; -1 with errno set. */
MUST_USE int net_local_address(int fd, struct net_address *out);

/* Receives up to `room` bytes: their number, at least 1, or an enum io. */
MUST_USE ssize_t net_receive(int fd, char *at, size_t room);

/* As net_receive, but leaves the bytes in the socket. */
MUST_USE ssize_t net_peek(int fd, char *at, size_t room);

/* Makes the kernel acknowledge received data at once; see tls_handshake. */
void net_acknowledge(int fd);

/*
 * Sets whether close(2), or the exit of the process, resets the connection, so
 * that the client notices a truncated response.
 */
void net_reset_on_close(int fd, bool resets);

#endif
