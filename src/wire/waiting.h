#ifndef WIRE_WAITING_H
#define WIRE_WAITING_H

#include <stdbool.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "text/attribute.h"

/* The callbacks for the end of a wait. */
struct waiting_calls {
	event_callback_fn client, remote, deadline;
};

/* The events of a connection: client, answering process, deadline. */
struct waiting {
	struct event client, deadline;
	struct event *remote; /* NULL: not waited for */
	int fd; /* the client's */
	int remote_fd; /* -1: none */
	unsigned remote_ms; /* the deadline of a wait for it; 0: `length` */
	short remote_what; /* EV_WRITE: a wait for room in it, too */
	bool for_remote; /* the last wait was for an answering process */
	const struct waiting_calls *calls;
	short what; /* EV_READ or EV_WRITE, for the client; 0: neither */
	bool timed; /* the deadline is armed */
};

/*
 * Initializes the events for the client at `fd`, borrowed. An event calls one
 * of `calls`, which outlive this, with `context`. -1 when libevent fails.
 */
MUST_USE int waiting_init(struct waiting *waiting, struct event_base *base,
    int fd, const struct waiting_calls *calls, void *context);

/* Makes the next wait arm a new deadline. */
void waiting_renew(struct waiting *waiting);

/*
 * waiting_for_client waits until the client has sent (EV_READ) or can take
 * (EV_WRITE) bytes. waiting_for_remote waits until `remote` is readable or,
 * with EV_READ, the client has sent bytes. With 0 it waits for `remote` alone;
 * with EV_READ | EV_WRITE it waits until `remote` is readable or writable.
 *
 * Unless a deadline is armed, both arm one of `length`, or waiting_for_remote
 * one of remote_ms if that is set. After a wait for the client alone,
 * waiting_for_remote arms a new one, since the speed of the client is not that
 * of the process. -1 without memory.
 */
MUST_USE int waiting_for_client(
    struct waiting *waiting, short what, const struct timeval *length);
MUST_USE int waiting_for_remote(struct waiting *waiting, int remote, short what,
    const struct timeval *length);

/* Ends the wait for `remote`; to be called before it is closed. */
void waiting_leave_remote(struct waiting *waiting);

/* Removes all events. */
void waiting_stop(struct waiting *waiting);

#endif
