#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "text/attribute.h"

/* Requests to the master, received as signals. */
struct signals {
	volatile sig_atomic_t child; /* SIGCHLD */
	volatile sig_atomic_t reload; /* SIGHUP */
	volatile sig_atomic_t stop; /* count of SIGTERM and SIGINT */
};

extern struct signals signals;

/*
 * Sets the master's handlers for SIGHUP, SIGTERM, SIGINT and SIGCHLD, which are
 * delivered only while it waits with the mask `waiting`, filled here and
 * borrowed. -1 with errno set.
 */
MUST_USE int signals_begin(sigset_t *waiting);

/* Whether SIGTERM or SIGINT has come, also when it is not yet delivered. */
bool signals_is_stop_due(void);

/*
 * Waits until `fd` (-1: none) is readable, with the signals delivered. Returns
 * 1, 0 at the time `due`, or -1 with errno set: EINTR after a signal. It may be
 * called without signals_begin. Pings the service manager meanwhile.
 */
MUST_USE int signals_wait(int fd, const struct timespec *due);

/*
 * In a child: leaves the terminal's signals to the master, and blocks SIGTERM
 * until there is a handler for it. -1 with errno set.
 */
MUST_USE int signals_begin_child(const sigset_t *waiting);

#endif
