#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "sys/jail.h"
#include "text/attribute.h"

/* The directory for databases: a configured one, or a temporary one. */
struct state {
	int fd; /* -1: none */
	int lock; /* a file in it, locked by this process only; -1: none */
	bool is_temporary; /* removed when it is closed */
	char path[PATH_MAX];
};

/*
 * Opens the directory `path` for the jail's user, makes it if it is missing,
 * and locks out other servers. "": makes a temporary one, and removes those of
 * dead servers. `last` is the current one, or NULL: if it is the same, it is
 * taken over. Returns -1 with one line in `error`.
 */
MUST_USE int
state_open(struct state *state, const char *path, struct state *last,
    const struct jail *jail, char *error, size_t error_size);

/*
 * Takes the lock of a predecessor, for state_open, and its temporary directory
 * `path`, unless that is "". Leaves `state` without a directory on failure, and
 * if the directory is not as state_open makes it for the jail's user.
 */
void state_adopt(
    struct state *state, const char *path, int lock, const struct jail *jail);

/* Whether a program that this process executes inherits the lock. */
void state_inherit(const struct state *state, bool inherit);

/*
 * Checks whether state_open could open the directory `path`, as far as possible
 * without making it: 0, or -1 with one line in `error`.
 */
MUST_USE int state_check(
    const char *path, const struct jail *jail, char *error, size_t error_size);

/* Closes the directory; removes a temporary one. */
void state_close(struct state *state);

/* In a child: closes the directory, or the parent's lock only. */
void state_forget(struct state *state);
void state_forget_lock(struct state *state);

#endif
