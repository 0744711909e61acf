#ifndef SYS_NET_H
#define SYS_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "text/attribute.h"
#include "text/str.h"

/* Enough for any address, in brackets, with scope and port. */
#define NET_TEXT_MAX 80

/* An address and port to listen on. */
struct net_address {
	struct sockaddr_storage at;
	socklen_t len;
};

/*
 * Reads "[ADDR:]PORT": a numeric IPv4 address, or an IPv6 one in brackets;
 * without one, every address of both families.  Port 0 means any.  Returns
 * -1 for anything else.
 */
MUST_USE int net_address_parse(const char *text, struct net_address *out);

/* Writes "ADDR:PORT", an IPv6 address in brackets. */
void
net_address_format(const struct net_address *address, char text[NET_TEXT_MAX]);

/* Writes the address alone, without port; an IPv4-mapped one as IPv4. */
void
net_host_format(const struct net_address *address, char text[NET_TEXT_MAX]);

uint16_t net_port(const struct net_address *address);
void net_port_set(struct net_address *address, uint16_t port);
bool net_equals(const struct net_address *a, const struct net_address *b);

/* Whether it is this machine's own: 127.0.0.0/8 or ::1. */
bool net_is_loopback(const struct net_address *address);

/*
 * Writes the network of the first bits of an address to `bytes`, the others
 * zero, and returns how many bytes it has: 4, also for an IPv4-mapped one, or
 * 16.
 */
size_t net_network(const struct net_address *address, unsigned ipv4_bits,
    unsigned ipv6_bits, unsigned char bytes[16]);

/*
 * Whether two addresses have the same port, not 0, and one of them is the
 * wildcard address for the family of the other.  A client is then accepted at
 * the more specific one.
 */
bool net_overlaps(const struct net_address *a, const struct net_address *b);

/*
 * Opens `count` listening sockets on one address, among which new
 * connections are spread.  They are ours alone: if another process, of any
 * user, already listens there, this fails with EADDRINUSE.  It does not check
 * that with `overlaps`, for an address that overlaps one where this process
 * already listens.  A port 0 in `address` is replaced by the one that was
 * bound; without IPv6, the address of all families becomes that of IPv4.
 * Returns -1 with errno set.
 */
MUST_USE int net_listen(
    struct net_address *address, int *sockets, size_t count, bool overlaps);

/* Whether a socket listens on that address. */
bool net_listens_on(int fd, const struct net_address *address);

/*
 * What an operation on a connection returns when it is not a number of
 * bytes.  A TLS write may want to read, and the other way round.
 */
enum io {
	IO_DONE = 0,
	IO_WANT_READ = -1,
	IO_WANT_WRITE = -2,
	IO_CLOSED = -3, /* by the peer, in order */
	IO_FAILED = -4, /* errno tells, where the system knows */
};

/*
 * Takes one waiting client: a non-blocking, close-on-exec socket without
 * Nagle's delay.  Returns -1 with errno set.
 */
MUST_USE int net_accept(int listener, struct net_address *peer);

/* The address a connection came to; -1 with errno set. */
MUST_USE int net_local_address(int fd, struct net_address *out);

/*
 * How many bytes the kernel holds that the peer has not acknowledged; 0 where
 * it does not say.
 */
size_t net_unsent(int fd);

/* Receives up to `room` bytes: how many (at least 1), or an enum io. */
MUST_USE ssize_t net_receive(int fd, char *at, size_t room);

/* Asks the kernel to acknowledge at once what has come; see tls_handshake. */
void net_acknowledge(int fd);

/*
 * Whether close(2), or the end of the process, resets the connection, so that
 * a cut answer is seen.
 */
void net_reset_on_close(int fd, bool resets);

/*
 * Bytes on their way to a socket, held while it takes no more.
 */
struct net_out {
	int fd; /* borrowed */
	char *at; /* NET_OUT_SIZE bytes of malloc while anything waits */
	size_t len; /* bytes in it */
	size_t off; /* of them sent */
	bool corked; /* hold a partial segment: more, or the end, follows */
};

/*
 * One TLS record of the largest size, or as much in the smallest that a client
 * may ask for, and a handshake's last words.
 */
#define NET_OUT_SIZE ((size_t)18 << 10)

/* Adds bytes, as many as there is room for; -1 without memory. */
MUST_USE ssize_t net_out_add(struct net_out *out, const char *at, size_t len);

/* Sends bytes past what waits: how many went, or an enum io. */
MUST_USE ssize_t net_out_send(struct net_out *out, const char *at, size_t len);

/*
 * Sends up to `most` bytes of the file `fd`, past what waits; see
 * system_send_file.  How many went, IO_CLOSED at the file's end, or another
 * enum io.
 */
MUST_USE ssize_t net_out_send_file(struct net_out *out, int fd, size_t most);

/* Sends what waits: IO_DONE when nothing is left, or another enum io. */
MUST_USE ssize_t net_out_flush(struct net_out *out);

/* Whether anything waits. */
bool net_out_waits(const struct net_out *out);

/* Frees it; what waits is lost. */
void net_out_release(struct net_out *out);

#endif
