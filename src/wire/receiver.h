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

/* What a client sends: its request, and bytes that are discarded. */
struct receiver {
	char *at; /* the request, so far; NULL before its first byte */
	size_t len;
	unsigned drained; /* bytes after it */
	bool ended; /* the client has ended its output, or is not heard */
};

/*
 * Appends received bytes to the request, up to `most` in all; returns as
 * transport_read, and IO_FAILED without memory. A client that has sent nothing
 * gets no memory.
 */
MUST_USE ssize_t receiver_read(struct receiver *receiver,
    struct transport *transport, struct arena *arena, size_t most);

/*
 * Discards what has come after the request. Whether the client is still
 * connected; it may have ended its output. `scratch` has EXCHANGE_SCRATCH
 * bytes.
 */
bool receiver_is_open(
    struct receiver *receiver, struct transport *transport, char *scratch);

/*
 * Discards what comes, without decrypting it, until that are `most` bytes in
 * all: then IO_DONE, before that another enum io.
 */
MUST_USE ssize_t receiver_discard(struct receiver *receiver,
    struct transport *transport, char *scratch, size_t most);

#endif
