#ifndef INDEX_SEARCH_H
#define INDEX_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "index/hits.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

struct db_place;

/*
 * The number of pages in one part of a result, and the number of such parts.
 */
#define SEARCH_SHOWN 20
#define SEARCH_PARTS 10

struct search_result {
	struct hits_page hits[SEARCH_SHOWN];
	size_t count;
	size_t found; /* pages in all, shown or not; 0: nothing matches */
	bool is_partial; /* not all rows were examined */
	bool is_loose; /* no page has the phrase: its words were searched */
	/* A word that no page holds, a view of the query; empty: none. */
	struct str unknown;
	bool is_near; /* similar words were searched instead of `unknown` */
	bool has_near_only; /* likewise for every word of the query */
};

/* A query; borrowed. */
struct search_wish {
	struct str words; /* as typed */
	size_t part; /* of the result, from 0 */
	const struct tree *tree; /* to check that pages exist; NULL: no check */
};

/*
 * Searches the index, with memory from the arena.  A page of which only labels
 * of links match is left out when others match.  -1 with errno set: EAGAIN
 * when there is no index yet, EBADMSG when it is damaged, EIO or ENOMEM when it
 * cannot be read or memory is short.
 */
MUST_USE int search_run(const struct db_place *place, struct arena *arena,
    const struct search_wish *wish, struct search_result *result);

#endif
