#ifndef WIRE_DELIVERY_H
#define WIRE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "text/attribute.h"
#include "wire/exchange.h"
#include "wire/transport.h"

/* One part of an answer: a TLS record of the largest size. */
#define DELIVERY_PART 16384
/* Bytes read from a file at once; more would not fit into the CPU's cache. */
#define DELIVERY_ROOM ((size_t)8 * DELIVERY_PART)

/* An answer on its way to a client. The owner fills the first part. */
struct delivery {
	struct exchange *exchange;
	struct transport *transport;
	const char *protocol; /* the protocol's name, for the log */

	uint64_t bytes; /* of head and body, so far */
	bool finished; /* the end was given to the transport */
	size_t unsent; /* the last result of delivery_unsent */
};

/*
 * Sends the next part or, of a file, a few, for which `scratch` has
 * DELIVERY_ROOM bytes, once earlier output is flushed. Returns IO_DONE, or
 * another enum io; IO_FAILED also when the body fails, which is logged.
 */
MUST_USE ssize_t delivery_part(struct delivery *delivery, char *scratch);

/*
 * Returns the bytes that the client has not taken, and stores them in `unsent`.
 */
size_t delivery_unsent(struct delivery *delivery);

/*
 * Whether the client has taken at least 4096 bytes since the last call of
 * delivery_unsent, which this function calls again.
 */
bool delivery_is_taken(struct delivery *delivery);

#endif
