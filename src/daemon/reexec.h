#ifndef DAEMON_REEXEC_H
#define DAEMON_REEXEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/config.h"
#include "daemon/crew.h"
#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/service.h"
#include "daemon/state.h"
#include "text/attribute.h"

/*
 * The master executes itself, so that the workers to come have another memory
 * layout and another stack canary than one that died of a fault: an attacker
 * must not learn them guess by guess.  The process stays the same; its
 * successor takes the listeners over, and ends the old workers.
 */
struct reexec {
	char **arguments; /* copied before they were parsed */
	/* The rest is what the predecessor left; zeroed in a first start. */
	bool is_successor;
	bool has_keys; /* there was a certificate */
	/* Before one of them is replaced if it dies young. */
	unsigned pause_ms, index_pause_ms, keys_pause_ms, answers_pause_ms;
	struct listeners listeners;
	char state[PATH_MAX]; /* a temporary directory; empty: none */
	pid_t children[CREW_MAX];
	size_t child_count;
};

/* Whether this process executed itself, or is a trial of one that is to. */
bool reexec_is_successor(void);

/*
 * Copies `argv`, before it is parsed, and takes what a predecessor left.  The
 * listeners are then the caller's to close.
 */
void reexec_init(struct reexec *reexec, char **argv);

/*
 * Finds out whether `config`, taken, could be served by a successor, which
 * makes neither certificate nor key.  Returns -1 with one line in `error`.
 */
MUST_USE int reexec_check(const struct reexec *reexec, struct config *config,
    char *error, size_t error_size);

/* What the master leaves. */
struct reexec_estate {
	const struct listeners *listeners;
	const struct crew *crew;
	const struct state *state;
	const struct service *index, *keys, *answers;
	bool has_keys;
};

/* Whether a child is due to be started, or none is missing. */
bool reexec_is_due(const struct reexec_estate *estate);

/*
 * Executes the program with its arguments, if a trial of it, with option -t,
 * succeeds.  Returns only if not, which is logged; nothing has changed then.
 */
void
reexec_run(const struct reexec *reexec, const struct reexec_estate *estate);

/*
 * In a successor, when its children are started: takes the pauses over, and
 * tells the old children to end.
 */
void reexec_succeed(const struct reexec *reexec, struct crew *crew,
    struct service *index, struct service *answers,
    struct generation *generation);

#endif
