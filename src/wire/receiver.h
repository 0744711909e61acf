#ifndef WIRE_RECEIVER_H
#define WIRE_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "wire/transport.h"

/* The most bytes read from a client after its request. */
#define RECEIVER_DRAIN_BYTES ((size_t)64 << 10)

/* The input of a client: its request, and bytes that are discarded. */
struct receiver {
	char *at; /* the request, so far; NULL before its first byte */
	size_t len;
	unsigned drained; /* bytes after it */
	bool ended; /* the client sends no more, or its input is ignored */
};

/*
 * Appends received bytes to the request, up to `most` in all; returns as
 * transport_read, and IO_FAILED without memory. A client that has sent nothing
 * gets no memory.
 */
MUST_USE ssize_t receiver_read(struct receiver *receiver,
    struct transport *transport, struct arena *arena, size_t most);

/*
 * Discards the bytes after the request. Whether the client is still
 * connected; it may have ended its output. `scratch` has EXCHANGE_SCRATCH
 * bytes.
 */
bool receiver_is_open(
    struct receiver *receiver, struct transport *transport, char *scratch);

/*
 * Discards received bytes, without decryption. Returns IO_DONE when `most`
 * bytes were discarded in all, and another enum io before.
 */
MUST_USE ssize_t receiver_discard(struct receiver *receiver,
    struct transport *transport, char *scratch, size_t most);

#endif
