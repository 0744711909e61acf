#ifndef WIRE_CONNGROUP_H
#define WIRE_CONNGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "serve/response.h"
#include "sys/counts.h"
#include "sys/limit.h"
#include "sys/net.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "wire/exchange.h"

struct event_base;
struct timeval;
struct conn_client;

/* The kinds of deadline, each with one length. */
enum conn_deadline {
	CONN_DEADLINE_PROXY, /* from accept to the whole PROXY header */
	CONN_DEADLINE_REQUEST, /* from there to the whole request */
	CONN_DEADLINE_STALL, /* since the client last took bytes */
	CONN_DEADLINE_DRAIN, /* for the client to close */
	CONN_DEADLINES,
};

/* The stage of a connection; counted as COUNTS_HELLO and so on. */
enum conn_stage {
	CONN_STAGE_HELLO, /* no bytes, or a part of a ClientHello */
	CONN_STAGE_REQUEST, /* in the handshake, or before the whole request */
	CONN_STAGE_RESPONSE,
	CONN_STAGE_DRAIN, /* waits for the client to close */
	CONN_STAGES,
};

/* A buffer for one turn of one connection, shared by all of them. */
#define CONN_SCRATCH_SIZE EXCHANGE_SCRATCH

struct conn_member;

TAILQ_HEAD(conn_list, conn_member);

/* The group's part of a connection; first member of a struct from malloc. */
struct conn_member {
	TAILQ_ENTRY(conn_member) link; /* in the list of its stage */
	enum conn_stage stage;
	struct conngroup *group;
	struct timespec opened;
};

/* The connections of a process. The owner sets the members up to `owner`. */
struct conngroup {
	struct event_base *base;
	const struct server *server;
	struct tls_context *tls; /* NULL without TLS */
	const struct timeval *deadlines[CONN_DEADLINES];
	bool log_addresses;
	struct counts *counts; /* of this process, or NULL */
	/* Called when a client's connection was closed. */
	void (*closed)(
	    struct conngroup *group, const struct conn_client *client);
	/* Called when a client has shown a certificate, which costs time. */
	void (*shown)(
	    struct conngroup *group, const struct conn_client *client);
	/* Called when an upload has cost as much as `ms` of CPU time. */
	void (*uploaded)(struct conngroup *group,
	    const struct conn_client *client, unsigned ms);
	/*
	 * Called when a PROXY header has changed the peer of `client`, to count
	 * it against its limits; false: close the connection.
	 */
	bool (*admit)(struct conngroup *group, struct conn_client *client);
	/* Called when a proxy has sent no valid PROXY header. */
	void (*malformed)(struct conngroup *group);
	void *owner; /* the context of these */

	/* Set by conn_open; `close` must call conngroup_leave. */
	void (*close)(struct conn_member *member);
	bool (*is_idle)(const struct conn_member *member); /* no bytes came */
	struct conn_list open[CONN_STAGES]; /* the oldest of a stage first */
	struct conn_list corpses; /* closed, not yet freed by conngroup_sweep */
	size_t count; /* of open connections */
	char scratch[CONN_SCRATCH_SIZE];
};

void conngroup_init(struct conngroup *group);

/* Sets group->deadlines, after group->base; -1 without memory. */
MUST_USE int conngroup_set_deadlines(
    struct conngroup *group, const unsigned lengths_ms[CONN_DEADLINES]);

/* An accepted client. */
struct conn_client {
	int fd;
	struct net_address peer;
	struct limit_entries entries; /* for group->closed */
	uint64_t network; /* for its share of the limits; 0: none */
	bool refused; /* gets protocol->refuse */
	unsigned seconds; /* to wait before the next try; 0: no room */
};

/* Counts an event of a connection. */
static inline void
conngroup_count(struct conn_member *member, enum counts_kind kind)
{
	counts_add(member->group->counts, kind, 1);
}

/* Counts a deadline that has passed, by the stage of the connection. */
void conngroup_count_late(struct conn_member *member);

/* Counts it likewise, and closes the connection. */
void conngroup_close_late(struct conn_member *member);

/* Adds a connection to its group, moves it to a stage, removes it. */
void conngroup_enter(struct conn_member *member);
void conngroup_enter_stage(struct conn_member *member, enum conn_stage stage);
void conngroup_leave(struct conn_member *member);

/*
 * Makes room by closing the oldest connection without a whole ClientHello, or
 * else the oldest one that has been without a request for 0.8 s. False when
 * there is none.
 */
bool conngroup_make_room(struct conngroup *group);

/* Closes the connections without any input, in a process about to end. */
void conngroup_close_idle(struct conngroup *group);

/* Closes every connection at once. */
void conngroup_close_all(struct conngroup *group);

/*
 * Frees closed connections. Must be called outside of all events: libevent may
 * still hold one for a connection that was closed by another.
 */
void conngroup_sweep(struct conngroup *group);

#endif
