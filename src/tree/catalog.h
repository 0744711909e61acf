#ifndef TREE_CATALOG_H
#define TREE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* An index that questions are put to. */
struct catalog {
	sqlite3 *db; /* opened by the first question */
	struct catalogwords *words;
	bool ranks; /* search has told FTS5 how */
	int fd;
	size_t users;
};

/* Somebody who asks, and how many do. */
struct catalog_asker {
	struct catalog_asker *next;
	uint64_t network; /* whose it is, by any number; 0: nobody's */
};

/* The index of the moment.  One for each process; zeroed. */
struct catalog_shelf {
	struct catalog *current; /* NULL: none was given yet */
	struct catalog_asker *askers; /* now */
};

/*
 * Puts the index in the file `fd`, taken, in the place of the last, which
 * goes when nobody uses it; -1 with errno set, and the last stays.
 */
MUST_USE int catalog_put(struct catalog_shelf *shelf, int fd);

/*
 * Takes the index of the moment, open; to be given back.  NULL when there is
 * none, or it cannot be read.
 */
MUST_USE struct catalog *catalog_take(struct catalog_shelf *shelf);
void catalog_give_back(struct catalog *catalog);

/*
 * Whether one more of that network may ask: there is room for so many, and one
 * network leaves some of it to others.
 */
bool catalog_may_ask(const struct catalog_shelf *shelf, uint64_t network);

/* Notes that somebody, borrowed, begins to ask, and ends. */
void catalog_ask(struct catalog_shelf *shelf, struct catalog_asker *asker);
void catalog_asked(struct catalog_shelf *shelf, struct catalog_asker *asker);

void catalog_shelf_release(struct catalog_shelf *shelf);

#endif
