#ifndef WIRE_CONNGROUP_H
#define WIRE_CONNGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "serve/response.h"
#include "sys/limit.h"
#include "sys/net.h"
#include "sys/tls.h"
#include "wire/delivery.h"

struct event_base;
struct timeval;
struct conn_client;

/* The kinds of deadline; each has one length. */
enum conn_deadline {
	CONN_DEADLINE_REQUEST, /* from accept to the whole request */
	CONN_DEADLINE_STALL, /* since the client took anything */
	CONN_DEADLINE_DRAIN, /* for the client's own end */
	CONN_DEADLINES,
};

/* How far a connection has come. */
enum conn_stage {
	CONN_STAGE_HELLO, /* nothing yet, or a part of a ClientHello */
	CONN_STAGE_REQUEST, /* in the handshake, or without a whole request */
	CONN_STAGE_RESPONSE,
	CONN_STAGES,
};

/* The bytes that one turn of one connection may use, and the next reuses. */
#define CONN_SCRATCH_SIZE DELIVERY_ROOM

struct conn_member;

TAILQ_HEAD(conn_list, conn_member);

/*
 * A connection as its group sees it: the first part of a struct that malloc
 * made.
 */
struct conn_member {
	TAILQ_ENTRY(conn_member) link; /* in one of the group's lists */
	enum conn_stage stage; /* which of them */
	struct conn_group *group;
	struct timespec opened;
};

/*
 * All connections of a process.  Its owner fills the first part, and calls
 * conn_group_init.
 */
struct conn_group {
	struct event_base *base;
	const struct server *server;
	struct tls_context *tls; /* NULL when nothing speaks TLS */
	const struct timeval *deadlines[CONN_DEADLINES];
	bool log_addresses;
	/* Called when a client is gone. */
	void (*closed)(
	    struct conn_group *group, const struct conn_client *client);
	void *owner; /* whose callback that is */

	/* Those of conn_open: the first calls conn_leave. */
	void (*close)(struct conn_member *member);
	bool (*is_idle)(const struct conn_member *member); /* nothing came */
	struct conn_list open[CONN_STAGES]; /* first to enter a stage first */
	struct conn_list corpses; /* closed ones, until conn_sweep */
	size_t count; /* of open ones */
	char scratch[CONN_SCRATCH_SIZE];
};

void conn_group_init(struct conn_group *group);

/* An accepted client. */
struct conn_client {
	int fd;
	struct net_address peer;
	struct limit_entries entries; /* the owner's, for group->closed */
	uint64_t network; /* a number that shares are counted by; 0: none */
	bool refused; /* not served: see protocol->refuse */
	unsigned seconds; /* when to come again; 0: there is no room */
};

/* A connection enters its group, another stage, and the closed ones. */
void conn_enter(struct conn_member *member);
void conn_enter_stage(struct conn_member *member, enum conn_stage stage);
void conn_leave(struct conn_member *member);

/*
 * Makes room by closing the oldest connection without a whole ClientHello;
 * when there is none, the oldest one without a request after 0.8 s.  False
 * when there is neither.
 */
bool conn_make_room(struct conn_group *group);

/*
 * Closes the connections on which nothing has come, for a process that is
 * about to end.
 */
void conn_close_idle(struct conn_group *group);

/* Closes every connection where it stands. */
void conn_close_all(struct conn_group *group);

/*
 * Frees what was closed.  To be called outside of all events: libevent may
 * still hold one for a connection that was closed by another.
 */
void conn_sweep(struct conn_group *group);

#endif
