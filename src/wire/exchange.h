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
 * One request and its answer, without a connection, so that `capsule show` can
 * use it, too.
 */
struct exchange {
	const struct host *host; /* the default one until the protocol knows */
	struct arena *arena;
	int fd; /* the connection's, for its local address; -1: none */
	uint64_t network; /* of the client, as a number; 0: not counted */
	struct timespec turn_ends; /* the end of this turn */

	/* While another process makes the answer: see PARSE_WAIT. */
	struct request *request; /* in the arena */
	struct remote *remote; /* NULL: none */

	/* The answer, set by the protocol. */
	enum status status; /* 0: none yet */
	struct str path; /* the requested path, for the log */
	struct str head; /* the rest of it, sent before the body */
	struct body *body; /* sent after the head; or NULL */
};

/*
 * Keeps `request` until the answer comes, if `response` comes from another
 * process; false when it does not, or has become an error without memory.
 */
bool exchange_defer(struct exchange *exchange, const struct request *request,
    struct response *response);

/*
 * Fills `response` with the answer of the other process; false when it has not
 * come yet. With `gives_up` the answer becomes a failure instead.
 */
bool exchange_resume(
    struct exchange *exchange, bool gives_up, struct response *response);

/*
 * Writes the next bytes, head first, to `at`, which has at least BODY_ROOM
 * bytes; as many as there is room and time for. Returns the number of bytes,
 * which may be 0 before the end, or -1 with errno set when the body failed:
 * then the answer is cut short.
 */
MUST_USE ssize_t exchange_read(
    struct exchange *exchange, char *at, size_t room);

/*
 * The descriptor that becomes readable when there is more of the answer; -1:
 * call exchange_read again, unless the answer is at its end.
 */
int exchange_waits_for(const struct exchange *exchange);

/* Whether the whole answer was read. */
bool exchange_ended(const struct exchange *exchange);

/* Releases the body; the owner releases the arena. */
void exchange_release(struct exchange *exchange);

#endif
