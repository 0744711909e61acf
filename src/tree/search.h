#ifndef TREE_SEARCH_H
#define TREE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/catalog.h"
#include "tree/tree.h"

/* Pages that are shown at once, and how often one may ask for more. */
#define SEARCH_SHOWN 20
#define SEARCH_PARTS 10

/* A page that tells something, and the passage that tells most. */
struct search_hit {
	struct str path; /* decoded */
	struct str title;
	struct str heading; /* of the section; empty: the title */
	struct str passage; /* one line, what was asked for between "*" */
};

struct search_result {
	struct search_hit hits[SEARCH_SHOWN];
	size_t count;
	size_t found; /* pages in all, shown or not */
	bool is_partial; /* there was more than could be looked at */
	bool is_loose; /* no page holds the phrase, so its words were taken */
	struct str unknown; /* a word that no page holds; empty: none */
	bool is_near; /* words near to that were looked for */
};

/* What is asked; borrowed. */
struct search_wish {
	struct str words; /* as typed */
	size_t part; /* of what is found, from 0 */
	const struct tree *tree; /* has what is shown; NULL: not looked */
};

/* A question put to an index. */
struct search;

/*
 * Opens the index for what is asked.  Everything else lives in the arena.  NULL
 * with errno set: EAGAIN when there is no index yet, EIO when it cannot be
 * read, or ENOMEM.
 */
MUST_USE struct search *search_begin(const struct catalogdb_place *place,
    struct arena *arena, const struct search_wish *wish);

/* Finds what is asked; -1 when that failed. */
MUST_USE int search_run(struct search *search);

/* What was found. */
const struct search_result *search_result(const struct search *search);

/* The pages there are, by title, for who found nothing. */
MUST_USE int search_list(struct search *search);

/* Closes the index. */
void search_end(struct search *search);

#endif
