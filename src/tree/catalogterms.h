#ifndef TREE_CATALOGTERMS_H
#define TREE_CATALOGTERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/catalogdb.h"

struct catalogterm;

/* How many rows of the index more, or fewer, hold each stem.  Zeroed: none. */
struct catalogterms {
	struct catalogterm *table; /* open addressing by hash */
	size_t count, room; /* a power of two, or 0 */
	struct arena arena; /* the stems */
	uint64_t row; /* the number of the row, so that each counts once */
	int change; /* 1: that row is added, -1: removed, 0: none is */
	bool failed; /* for want of memory */
};

/* Begins with the words of a row that is added (1) or removed (-1). */
void catalogterms_begin_row(struct catalogterms *terms, int change);

/* Ends with them, whether or not there was memory: -1 if not. */
MUST_USE int catalogterms_end_row(struct catalogterms *terms);

/* A word of the row; without one, nothing. */
void catalogterms_add(struct catalogterms *terms, struct str term);

/* Whether it holds so much that it should be written. */
bool catalogterms_is_large(const struct catalogterms *terms);

/*
 * Adds the differences, by a statement that takes a stem and a number of rows,
 * and forgets them.  A second one takes a stem that fewer rows have, and
 * removes it if none is left.  -1 when a statement fails.
 */
MUST_USE int catalogterms_write(
    struct catalogterms *terms, sqlite3_stmt *change, sqlite3_stmt *remove);

void catalogterms_release(struct catalogterms *terms);

#endif
