#ifndef DAEMON_INDEXER_H
#define DAEMON_INDEXER_H

#include <stdbool.h>
#include <time.h>

#include "daemon/config.h"
#include "sys/jail.h"
#include "text/attribute.h"
#include "tree/media.h"
#include "tree/tree.h"

/* The words between the indexer and the master. */
#define INDEXER_WANTS 'w' /* an empty file; answered by it, or without */
#define INDEXER_DONE 'd' /* the last file is a whole index now */
#define INDEXER_FILE 'f' /* here it is; without a descriptor: no room */

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

/* All that the indexer works with; borrowed, but for `current`. */
struct indexer_setup {
	const struct config *config;
	const struct tree *tree;
	struct media *media;
	const struct jail *jail;
	int line; /* to the master; it ends with it */
	int current; /* an index to begin with, taken; -1: none */
};

/*
 * Keeps an index of the tree until the master ends, and returns the exit
 * status for the process.
 */
MUST_USE int indexer_run(const struct indexer_setup *setup);

#endif
