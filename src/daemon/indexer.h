#ifndef DAEMON_INDEXER_H
#define DAEMON_INDEXER_H

#include <stdbool.h>
#include <time.h>

#include "daemon/capsules.h"
#include "daemon/config.h"
#include "sys/jail.h"
#include "text/attribute.h"
#include "tree/media.h"

/*
 * Milliseconds of rest after a scan of this duration that found changes, so
 * that constant edits do not keep the process busy.
 */
long indexer_rest_ms(long took_ms);

/* When to scan the tree again, in times of the monotonic clock. */
struct indexer_schedule {
	struct timespec look_at; /* even without a reported change */
	bool news; /* changes were reported, from `first` to `last` */
	struct timespec first, last;
	struct timespec rests_until; /* a change waits until then */
};

/*
 * Milliseconds until a scan is due; 0: now. A scan waits until changes pause,
 * but not for long.
 */
long indexer_due_ms(const struct indexer_schedule *schedule);

/* The process sends this message once it has opened the indices. */
#define INDEXER_OPEN "o"

/* The setup of the indexer; borrowed. */
struct indexer_setup {
	const struct config *config;
	const struct capsules *capsules; /* those that are indexed */
	struct media *media;
	const struct jail *jail;
	int state; /* the directory of the indices */
	bool rebuilds; /* an index that is there is damaged */
	int line; /* to the master; the process ends with it */
};

/*
 * Keeps the indices of the trees until the master ends, and returns the exit
 * status of the process.
 */
MUST_USE int indexer_run(const struct indexer_setup *setup);

#endif
