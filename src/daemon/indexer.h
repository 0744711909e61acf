#ifndef DAEMON_INDEXER_H
#define DAEMON_INDEXER_H

#include <stdbool.h>
#include <time.h>

#include "daemon/config.h"
#include "sys/jail.h"
#include "text/attribute.h"
#include "tree/catalogdb.h"
#include "tree/media.h"
#include "tree/tree.h"

/*
 * Milliseconds that it rests after a look which took so long and found
 * something, so that constant edits do not keep it busy.
 */
long indexer_rest_ms(long took_ms);

/* When to look at the tree again, in times of the monotonic clock. */
struct indexer_schedule {
	struct timespec look_at; /* even without a reported change */
	bool news; /* changes were reported, from `first` to `last` */
	struct timespec first, last;
	struct timespec rests_until; /* a change waits until then */
};

/*
 * Milliseconds until a look is due; 0: now.  The look waits until changes
 * pause, but not for long.
 */
long indexer_due_ms(const struct indexer_schedule *schedule);

/* All that the indexer works with; borrowed. */
struct indexer_setup {
	const struct config *config;
	const struct tree *tree;
	struct media *media;
	const struct jail *jail;
	const struct catalogdb_place *place; /* where the index is */
	bool waits_for_look; /* the tree may be another since it was made */
	int line; /* to the master; it ends with it */
};

/*
 * Keeps an index of the tree until the master ends, and returns the exit
 * status for the process.
 */
MUST_USE int indexer_run(const struct indexer_setup *setup);

#endif
