#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/response.h"
#include "sys/net.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "wire/protocol.h"

struct event_base;
struct timeval;

/* Whether a listener's clients speak TLS. */
enum conn_tls {
	CONN_TLS_NEVER,
	CONN_TLS_ALWAYS,
	CONN_TLS_DETECT, /* the client's first byte tells */
};

struct conn_kind {
	const struct protocol *protocol;
	enum conn_tls tls;
};

/* The kinds of deadline; each has one length. */
enum conn_deadline {
	CONN_DEADLINE_REQUEST, /* from accept to the whole request */
	CONN_DEADLINE_STALL, /* since the client took anything */
	CONN_DEADLINE_DRAIN, /* for the client's own end */
	CONN_DEADLINES,
};

/* The bytes that one turn of one connection may use, and the next reuses. */
#define CONN_SCRATCH_SIZE 16384

/* All connections of a process.  Its owner fills the first part. */
struct conn_group {
	struct event_base *base;
	const struct server *server;
	struct tls_context *tls; /* NULL when nothing speaks TLS */
	const struct timeval *deadlines[CONN_DEADLINES];
	bool log_addresses;
	/* Called when a connection has been closed; `owner` is its own. */
	void (*closed)(struct conn_group *group);
	void *owner;

	struct conn *first; /* open ones */
	struct conn *corpses; /* closed ones, until conn_sweep */
	size_t count; /* of open ones */
	char scratch[CONN_SCRATCH_SIZE];
};

/* Somebody who was let in. */
struct conn_client {
	int fd;
	struct net_address peer;
	bool refused; /* only to be told that there is no room */
};

/*
 * Serves one client, whose socket it takes, until it is closed.  Returns -1,
 * with the socket closed, without memory.
 */
MUST_USE int conn_open(struct conn_group *group, const struct conn_kind *kind,
    const struct conn_client *client);

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
