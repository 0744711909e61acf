#ifndef WIRE_WAITING_H
#define WIRE_WAITING_H

#include <stdbool.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "text/attribute.h"

/* What is called when a wait is over. */
struct waiting_calls {
	event_callback_fn client, remote, deadline;
};

/*
 * What a connection waits for: its client, a process that makes the answer,
 * and a deadline.
 */
struct waiting {
	struct event client, deadline;
	struct event *remote; /* NULL: not waited for */
	int fd; /* the client's */
	int remote_fd; /* -1: none */
	const struct waiting_calls *calls;
	short what; /* EV_READ or EV_WRITE, of the client; 0: neither */
	bool timed; /* the deadline runs */
};

/*
 * For the client at `fd`, borrowed; what is waited for calls one of `calls`,
 * which outlive this, with `context`. -1 when libevent refuses.
 */
MUST_USE int waiting_init(struct waiting *waiting, struct event_base *base,
    int fd, const struct waiting_calls *calls, void *context);

/* The next wait begins a deadline of its own. */
void waiting_renew(struct waiting *waiting);

/*
 * Waits for the client to send (EV_READ) or to take (EV_WRITE) something, or
 * for `remote` to become readable and, with EV_READ, for the client too;
 * with 0 not for the client. The deadline, unless it runs, ends in `length`.
 * -1 without memory.
 */
MUST_USE int waiting_for_client(
    struct waiting *waiting, short what, const struct timeval *length);
MUST_USE int waiting_for_remote(struct waiting *waiting, int remote, short what,
    const struct timeval *length);

/* Waits for `remote` no more: to be called before it is closed. */
void waiting_leave_remote(struct waiting *waiting);

/* Waits for nothing any more. */
void waiting_stop(struct waiting *waiting);

#endif
