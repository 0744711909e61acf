#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include <signal.h>

#include "text/attribute.h"

/* What the operator has asked the master for, by signals. */
struct signals {
	volatile sig_atomic_t reload; /* SIGHUP */
	volatile sig_atomic_t stop; /* how often: SIGTERM and SIGINT */
};

extern struct signals signals;

/*
 * The master's: notes SIGHUP, SIGTERM, SIGINT and SIGCHLD, which come only
 * while it waits with the mask `waiting`, filled here.  -1 with errno set.
 */
MUST_USE int signals_begin(sigset_t *waiting);

/*
 * In a child: the terminal's signals are the master's to act on, and SIGTERM
 * has to wait until there is a handler for it.  -1 with errno set.
 */
MUST_USE int signals_begin_child(const sigset_t *waiting);

#endif
