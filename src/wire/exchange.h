#ifndef WIRE_EXCHANGE_H
#define WIRE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "serve/response.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * One request and its answer, without the connection they travel on: what
 * conn carries to a client, and `capsule show` to standard output.
 */
struct exchange {
	const struct server *server;
	struct arena *arena;
	int fd; /* the connection's, for its local address; -1: none */
	uint64_t network; /* of the client, as a number; 0: not counted */
	struct timespec turn_ends; /* when others want to be served too */

	/* While another process makes the answer: see PARSE_WAIT. */
	struct request *request; /* in the arena */
	struct remote *remote; /* NULL: none */

	/* The answer, by the protocol. */
	enum status status; /* 0: none yet */
	struct str path; /* what was asked for, for the log */
	struct str head; /* to be sent before the body; shrinks */
	struct body *body; /* what follows it, or NULL */
};

/*
 * Keeps `request` until the answer is there, if `response` comes from another
 * process; false when it is there, or has become an error without memory.
 */
bool exchange_defer(struct exchange *exchange, const struct request *request,
    struct response *response);

/*
 * Fills `response` with the answer of the other process; false when that has
 * not come yet. With `gives_up` it is a failure instead.
 */
bool exchange_resume(
    struct exchange *exchange, bool gives_up, struct response *response);

/*
 * Writes what is to be sent next, head first, to `at`, which has at least
 * BODY_ROOM bytes; as much as there is room and time for.  Returns how many
 * bytes, which may be 0 before the end, or -1 with errno set when the body
 * failed: what was sent is then cut short.
 */
MUST_USE ssize_t exchange_read(
    struct exchange *exchange, char *at, size_t room);

/*
 * The descriptor that has more of the answer once it is readable; -1: the
 * answer, if it is not at its end, is to be read again.
 */
int exchange_waits_for(const struct exchange *exchange);

/* Whether all of it was read. */
bool exchange_ended(const struct exchange *exchange);

/* Releases the body; the arena is its owner's. */
void exchange_release(struct exchange *exchange);

#endif
