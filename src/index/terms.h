#ifndef INDEX_TERMS_H
#define INDEX_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/db.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

struct terms_slot;

/* How many more or fewer rows hold each stem.  Zeroed: none. */
struct terms {
	struct terms_slot *table; /* open addressing by hash */
	size_t count, room; /* a power of two, or 0 */
	struct arena arena; /* the stems */
	uint64_t row; /* current row; each stem of it counts once */
	int change; /* 1: the row is added, -1: removed, 0: no row */
	bool failed; /* memory ran out */
};

/* Begins a row that is added (1) or removed (-1). */
void terms_begin_row(struct terms *terms, int change);

/* Ends the row; -1 when memory ran out. */
MUST_USE int terms_end_row(struct terms *terms);

/* Counts a stem of the row; does nothing outside of a row. */
void terms_add(struct terms *terms, struct str term);

/* Whether the table is large enough to be written. */
bool terms_is_large(const struct terms *terms);

/*
 * Writes the differences and clears them.  `change` takes a stem and a number
 * of rows; `remove` takes a stem that fewer rows have, and removes it when none
 * is left.  -1 when a statement fails.
 */
MUST_USE int
terms_write(struct terms *terms, sqlite3_stmt *change, sqlite3_stmt *remove);

void terms_release(struct terms *terms);

#endif
