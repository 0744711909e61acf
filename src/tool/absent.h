#ifndef TOOL_ABSENT_H
#define TOOL_ABSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tool/copy.h"

/* Seconds after which a missing file counts as gone. */
#define ABSENT_LONG ((int64_t)24 * 60 * 60)

struct absence {
	struct str request;
	int64_t since; /* seconds since 1970 */
	bool ended;
};

/*
 * Requests to which the server answered that there is no such file, and since
 * when it does: ".mirror/absent" of a copy, a line "TIME REQUEST" each.
 */
struct absent {
	/* The caller fills these. */
	struct arena *arena; /* borrowed; of the requests */
	int64_t now;
	/* Of earlier runs, in the order of their requests; then new ones. */
	struct absence *items;
	size_t old, count, room;
};

/* Reads the file.  Returns -1 with errno set.  To be released in any case. */
MUST_USE int absent_read(struct absent *absent, struct copy *copy);
void absent_release(struct absent *absent);

/*
 * Notes that a request was answered so, at most once in a run; it is borrowed.
 * Returns 1 when it was in an earlier run, at least ABSENT_LONG ago, and in
 * none since has it been answered with a file; 0 otherwise, and -1 without
 * memory.
 */
MUST_USE int absent_add(struct absent *absent, struct str request);

/* Forgets a request, as its file is there, or is linked no more. */
void absent_end(struct absent *absent, struct str request);

/* Writes the file.  Returns -1 with errno set. */
MUST_USE int absent_write(struct absent *absent, struct copy *copy);

#endif
