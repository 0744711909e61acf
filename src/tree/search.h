#ifndef TREE_SEARCH_H
#define TREE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/catalog.h"

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

/* What somebody asks. */
struct search_wish {
	struct str words; /* as typed, borrowed */
	size_t part; /* of what is found, from 0 */
	uint64_t network; /* whose it is, by any number; 0: nobody's */
};

/* A question put to an index. */
struct search;

/*
 * Begins to look for what is asked.  Everything lives in the arena.  NULL with
 * errno set: EAGAIN when there is no index yet, EBUSY when too much is asked
 * at once, by all or by that network, EIO when the index cannot be read, or
 * ENOMEM.
 */
MUST_USE struct search *search_begin(struct catalog_shelf *shelf,
    struct arena *arena, const struct search_wish *wish);

/*
 * Goes on for a millisecond.  Returns 1 when all is done, 0 when it is not,
 * -1 when it failed.
 */
MUST_USE int search_go_on(struct search *search);

/* What was found, once it is done. */
const struct search_result *search_result(const struct search *search);

/* The pages there are, by title, for who found nothing. */
MUST_USE int search_list(struct search *search);

/* Lets go of the index; once. */
void search_end(struct search *search);

#endif
