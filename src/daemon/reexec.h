#ifndef DAEMON_REEXEC_H
#define DAEMON_REEXEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/config.h"
#include "daemon/workers.h"
#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/service.h"
#include "daemon/services.h"
#include "daemon/state.h"
#include "text/attribute.h"

/*
 * The master executes itself after a crash, so that new workers have another
 * memory layout and another stack canary than the dead one: an attacker must
 * not learn them guess by guess. The process stays the same; its successor
 * takes over the listeners, and ends the old workers.
 */
struct reexec {
	char **arguments; /* copied before argument parsing */
	/* The rest comes from the predecessor; zeroed in a first start. */
	bool is_successor; /* or the trial of one */
	bool has_keys; /* a certificate was in use */
	/* The latest pauses before a restart, which grow with early deaths. */
	unsigned pause_ms, index_pause_ms, keys_pause_ms;
	unsigned services_pause_ms[SERVICES_COUNT];
	unsigned execution_pause_ms; /* before the next execution */
	struct listeners listeners;
	char state[PATH_MAX]; /* a temporary directory; empty: none */
	int lock; /* of the state directory; -1: none */
	pid_t children[WORKERS_MAX]; /* to be ended */
	size_t child_count;
	pid_t services[WORKERS_MAX]; /* that end with the last of them */
	size_t service_count;
};

/*
 * Copies `argv`, before it is parsed, and takes the predecessor's state. The
 * caller closes the listeners.
 */
void reexec_init(struct reexec *reexec, char **argv);

/* Warns if this process cannot execute its program, though the system can. */
void reexec_warn(void);

/*
 * Checks whether a successor could serve `config`, which it takes, without
 * making a certificate or key. Returns -1 with one line in `error`.
 */
MUST_USE int reexec_check(const struct reexec *reexec, struct config *config,
    char *error, size_t error_size);

/* The state that passes to the successor. */
struct reexec_estate {
	const struct listeners *listeners;
	struct workers *workers;
	unsigned grace_ms; /* for its workers to end */
	const struct state *state;
	const struct service *index, *keys;
	const struct services *services;
	bool has_keys;
	unsigned execution_pause_ms; /* of the successor */
	const char *program; /* of the successor; NULL: this one */
};

/*
 * The next pause between two executions. `pause_ms` is the last one, which
 * ended at `due`. Without pauses, children that die again and again would
 * occupy the master.
 */
unsigned reexec_pause_next(unsigned pause_ms, const struct timespec *due);

/* Whether to execute now: a child is due to be started, or all are running. */
bool reexec_is_due(const struct reexec_estate *estate);

/*
 * Executes the program, or its new version estate->program unless NULL, with
 * its arguments, if a trial with option -t succeeds.
 * Returns only on failure, which is logged, or to stop. Nothing has changed
 * then, unless the execution itself failed: the workers have been told to end,
 * and others are due.
 */
void
reexec_run(const struct reexec *reexec, const struct reexec_estate *estate);

/*
 * In a successor, after its children were started: takes over the pauses, tells
 * the old children to end, and lets their services end with the last of them.
 */
void reexec_succeed(const struct reexec *reexec, struct workers *workers,
    struct service *index, struct services *services,
    struct generation *generation);

#endif
