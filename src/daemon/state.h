#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "sys/jail.h"
#include "text/attribute.h"

/* The directory for databases: one that was named, or one of our own. */
struct state {
	int fd; /* -1: none */
	int lock; /* a file in it, locked by this process, not its children */
	bool is_temporary; /* removed when it is closed */
	char path[PATH_MAX];
};

/*
 * Opens the directory `path`, which is made if it is missing, for the jail's
 * user, and keeps other servers from it.  "": a temporary one; those that
 * servers left behind that are no more are removed.  `last` is the one in use,
 * or NULL: if it is the same, it is taken over.  Returns -1 with one line in
 * `error`.
 */
MUST_USE int state_open(struct state *state, const char *path,
    struct state *last, const struct jail *jail, char *error,
    size_t error_size);

/*
 * Opens the temporary directory `path` again, whose lock has ended; it is then
 * the one in use.  Without success there is none.
 */
void state_adopt(struct state *state, const char *path);

/*
 * Whether the directory `path` could be opened so, as far as that can be told
 * without making it: 0, or -1 with one line in `error`.
 */
MUST_USE int state_check(const char *path, const struct jail *jail, char *error,
    size_t error_size);

/* Lets go of it; removes a temporary one. */
void state_close(struct state *state);

/* In a child: closes it, or what only the parent has a use for. */
void state_forget(struct state *state);
void state_forget_lock(struct state *state);

#endif
