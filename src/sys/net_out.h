#ifndef SYS_NET_OUT_H
#define SYS_NET_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/net.h"
#include "text/attribute.h"

/* An output buffer for bytes that the socket does not take yet. */
struct net_out {
	int fd; /* borrowed */
	bool corked; /* delay a partial segment: more, or the end, follows */
	bool borrowed; /* see net_out_borrow */
	char *at; /* from malloc while not empty, or borrowed */
	size_t room; /* bytes at `at` */
	size_t len; /* bytes in it */
	size_t off; /* of them sent */
};

/*
 * Room for one TLS record of the largest size, or the same data in records of
 * the smallest size that a client may ask for, and the end of a handshake.
 */
#define NET_OUT_SIZE ((size_t)18 << 10)

/*
 * Makes an empty buffer use the memory at `at`, for many bytes in one send.
 * net_out_return stops that, and copies unsent bytes to memory from malloc;
 * -1 without memory, when they are lost.
 */
void net_out_borrow(struct net_out *out, char *at, size_t room);
MUST_USE int net_out_return(struct net_out *out);

/* Appends as many bytes as fit and returns their number; -1 without memory. */
MUST_USE ssize_t net_out_add(struct net_out *out, const char *at, size_t len);

/* Sends bytes without the buffer: the number sent, or an enum io. */
MUST_USE ssize_t net_out_send(struct net_out *out, const char *at, size_t len);

/*
 * Sends up to `most` bytes of the file `fd`, bypassing the buffer; see
 * system_send_file. Returns the number sent, IO_CLOSED at the end of the file,
 * or another enum io.
 */
MUST_USE ssize_t net_out_send_file(struct net_out *out, int fd, size_t most);

/* Sends the buffered bytes: IO_DONE when all are, or another enum io. */
MUST_USE ssize_t net_out_flush(struct net_out *out);

/* Whether the buffer holds unsent bytes. */
bool net_out_waits(const struct net_out *out);

/* Frees the buffer and discards unsent bytes. */
void net_out_release(struct net_out *out);

#endif
