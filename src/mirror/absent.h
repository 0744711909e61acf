#ifndef MIRROR_ABSENT_H
#define MIRROR_ABSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/replica.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/* Seconds after which a missing file counts as gone. */
#define ABSENT_LONG ((int64_t)24 * 60 * 60)

struct absent_entry {
	struct str request;
	int64_t since; /* seconds since 1970 */
	bool ended;
};

/*
 * Requests that the server answers with "no such file", and since when: stored
 * in ".mirror/absent" of a copy, one line "TIME REQUEST" for each.
 */
struct absent {
	/* The caller fills these. */
	struct arena *arena; /* borrowed; of the requests */
	int64_t now;
	/* Sorted entries of earlier runs, then new ones. */
	struct absent_entry *items;
	size_t old, count, room;
};

/* Reads the file.  Returns -1 with errno set.  To be released in any case. */
MUST_USE int absent_read(struct absent *absent, struct replica *replica);
void absent_release(struct absent *absent);

/*
 * Notes such an answer to a request, which is borrowed, at most once in a run.
 * Returns 1 when an earlier run noted it at least ABSENT_LONG ago and no run
 * since has got the file; 0 otherwise, and -1 without memory.
 */
MUST_USE int absent_add(struct absent *absent, struct str request);

/* Forgets a request, as its file is there or is no longer linked. */
void absent_end(struct absent *absent, struct str request);

/* Writes the file.  Returns -1 with errno set. */
MUST_USE int absent_write(struct absent *absent, struct replica *replica);

#endif
