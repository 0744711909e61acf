#ifndef INDEX_HITS_H
#define INDEX_HITS_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * Pages of a result that are shown at once, and how many such parts there are.
 */
#define HITS_SHOWN 20
#define HITS_PARTS 10

/* A page that matches, and its best passage. */
struct hits_page {
	struct str path; /* decoded */
	struct str title;
	struct str heading; /* of the section; empty: the title */
	struct str passage; /* one line, with matching words between "*" */
};

struct hits_result {
	struct hits_page hits[HITS_SHOWN];
	size_t count;
	size_t found; /* pages in all, shown or not */
	bool is_partial; /* not all rows were examined */
	bool is_loose; /* no page has the phrase: its words were searched */
	struct str unknown; /* a word that no page holds; empty: none */
	bool is_near; /* similar words were searched */
};

/* The parts of a search that its hits need; borrowed. */
struct hits {
	sqlite3 *db;
	const struct tree *tree; /* to check that pages exist; NULL: no check */
	struct arena *arena; /* for the text of hits */
	struct hits_result *result;
};

/* A row of the index and its rank. */
struct hits_row {
	sqlite3_int64 row;
	double score;
};

/*
 * Adds the pages of the `count` rows, which the query `match` found, until the
 * result is full.  Pages that are gone are left out of result->found.  -1 on
 * failure.
 */
MUST_USE int hits_show(const struct hits *hits, struct str match,
    const struct hits_row *rows, size_t count);

/* Lists pages by title, of the first `most` in the index; -1 on failure. */
MUST_USE int hits_list(const struct hits *hits, size_t most);

#endif
