#ifndef INDEX_HITS_H
#define INDEX_HITS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* Pages that are compared with those before them. */
#define HITS_MAX 200

/* A page that matches, and its best passage. */
struct hits_page {
	struct str path; /* decoded */
	struct str title;
	struct str heading; /* of the section; empty: the title */
	struct str passage; /* one line */
};

/* A page that was found: the row of the section to show, and its rank. */
struct hits_row {
	int64_t row;
	double score; /* of the page's best row */
	double text; /* how much of the query is in the text of `row` */
	bool is_titled; /* the title of the page matches */
	bool is_label; /* nothing but labels of links matches */
	bool is_dense; /* the words are too many to select a passage */
};

/* The passage of a page, as a hash, for comparison with the next pages. */
struct hits_seen {
	uint64_t passage; /* a hash */
	int64_t size; /* of the file */
	bool is_titled;
};

/* The pages to show. */
struct hits {
	sqlite3 *db;
	struct arena *arena; /* of the pages' strings */
	const struct tree *tree; /* to check that pages exist; NULL: no check */
	struct str match; /* the query for FTS5 */
	bool has_prefix; /* the query has the beginning of a word */
	struct str word; /* to show where FTS5 selects no passage */
	size_t skip; /* pages before the first to show */
	size_t most; /* pages to show */
	struct hits_page *pages; /* room for `most` */
	/* The caller sets the members above; the others are 0 at first. */
	size_t count; /* of pages */
	size_t left_out; /* rows that are not shown */
	struct hits_seen seen[HITS_MAX]; /* of `pages`, after those skipped */
	size_t seen_count;
};

/*
 * Reads the pages of `rows`, at most HITS_MAX, in this order.  Leaves out those
 * that are gone, and a passage that was on a page before, unless the title
 * matches, too: of a page with one answer and a page with all, the shorter is
 * shown.  -1 on failure.
 */
MUST_USE int
hits_read(struct hits *hits, const struct hits_row *rows, size_t count);

#endif
