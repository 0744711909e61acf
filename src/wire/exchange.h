#ifndef WIRE_EXCHANGE_H
#define WIRE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "serve/response.h"
#include "serve/visitor.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "wire/transport.h"

struct upload;

/* The bytes of a TLS record of the largest size, or of a call without TLS. */
#define EXCHANGE_PART 16384
/* Bytes of the records that one call sends; more would gain nothing. */
#define EXCHANGE_ROOM ((size_t)4 * EXCHANGE_PART)
/* Room for them as TLS records, see NET_OUT_SIZE. */
#define EXCHANGE_SEALED (EXCHANGE_ROOM + EXCHANGE_ROOM / 8)
#define EXCHANGE_SCRATCH (EXCHANGE_ROOM + EXCHANGE_SEALED)

/* One request and its answer; `capsule show` has no transport. */
struct exchange {
	const struct host *host; /* the default one until the protocol knows */
	struct arena *arena;
	uint64_t network; /* of the client, as a number; 0: not counted */
	const struct identity *client; /* its certificate; NULL: none */
	const struct net_address *peer; /* NULL: unknown, and not counted */
	struct timespec turn_ends; /* the end of this turn */

	/* While another process makes the answer: see PARSE_WAIT. */
	struct request *request; /* in the arena */
	struct remote *remote; /* NULL: none */
	/* The upload that `remote` takes, in the arena; NULL: none. */
	struct upload *upload;

	/* The answer, set by the protocol. */
	enum status status; /* 0: none yet */
	struct str path; /* the requested path, for the log */
	struct str head; /* the rest of it, sent before the body */
	struct body *body; /* sent after the head; or NULL */

	/* How it is sent; unused without exchange_send, except for fd. */
	const char *protocol; /* the protocol's name, for the log */
	struct transport *transport;
	uint64_t bytes; /* of head and body, before encryption, so far */
	int fd; /* the connection's, for its local address; -1: none */
	/* The address that the visitor of a proxy connected to. */
	unsigned char local[16];
	unsigned char local_len; /* 4 or 16; 0: that of fd */
	bool uncounted; /* no visitor, but a proxy's check of the server */
	/* The most bytes of a refused upload to read and discard. */
	unsigned unread;
	bool logged;
	bool finished; /* the end was given to the transport */
	unsigned char failure; /* errno of a body that failed; 0: none */
	bool slow; /* the socket did not take the last part at once */
	size_t unsent; /* the last result of exchange_unsent */
};

/*
 * Counts the client as a visitor of the host. To be called before the answer is
 * made, which may contain the number of visitors.
 */
void exchange_count(const struct exchange *exchange);

/* The client, for programs; the parts of the request are to be added. */
struct visitor exchange_visitor(const struct exchange *exchange);

/*
 * Sets exchange->client, after the handshake; without memory it stays NULL.
 * Returns whether the client has shown a certificate, good or bad.
 */
bool exchange_take_client(struct exchange *exchange);

/*
 * Keeps a copy of `request` until the answer comes, if `response` comes from
 * another process; false when it does not, or has become an error without
 * memory.
 */
bool exchange_defer(struct exchange *exchange, const struct request *request,
    struct response *response);

/*
 * Fills `response` with the answer of the other process; false when it has not
 * come yet. With `gives_up` the answer becomes that of remote_expire.
 */
bool exchange_resume(
    struct exchange *exchange, bool gives_up, struct response *response);

/*
 * Writes the next bytes, head first, to `at`, which has at least BODY_ROOM
 * bytes; as many as there is room and time for. Returns the number of bytes,
 * which may be 0 before the end, or -1 with errno set when the body failed:
 * then the answer is cut short, after the bytes that came before the failure.
 */
MUST_USE ssize_t exchange_read(
    struct exchange *exchange, char *at, size_t room);

/*
 * The descriptor that becomes readable when there is more of the answer; -1:
 * call exchange_read again, unless the answer is at its end.
 */
int exchange_waits_for(const struct exchange *exchange);

/* The longest wait for that descriptor; 0: as long as for a slow client. */
unsigned exchange_wait_ms(const struct exchange *exchange);

/* Whether the whole answer was read. */
bool exchange_ended(const struct exchange *exchange);

/*
 * Sends the next part, for which `scratch` has EXCHANGE_SCRATCH bytes, once
 * earlier output is flushed. Returns IO_DONE, or another enum io; IO_FAILED
 * also when the body fails, which is logged.
 */
MUST_USE ssize_t exchange_send(struct exchange *exchange, char *scratch);

/*
 * Flushes earlier output, and calls exchange_send until the turn of the client
 * ends. Returns as exchange_send; `moved`: the client has taken bytes, or bytes
 * for it have come.
 */
MUST_USE ssize_t exchange_send_turn(
    struct exchange *exchange, char *scratch, bool *moved);

/* Returns, and stores in `unsent`, the bytes that the client has not taken. */
size_t exchange_unsent(struct exchange *exchange);

/*
 * Whether the client has taken at least 4096 bytes since the last call of
 * exchange_unsent, which this function calls again.
 */
bool exchange_is_taken(struct exchange *exchange);

/*
 * Logs one line, at the first call: at level info for an answer, at debug
 * without one. `peer` may be NULL; `ms` is the time from the connection to its
 * end; `cut`: the client did not receive all of it.
 */
void exchange_log(struct exchange *exchange, const struct net_address *peer,
    long ms, bool cut);

/* Releases the body; the owner releases the arena. */
void exchange_release(struct exchange *exchange);

#endif
