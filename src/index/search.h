#ifndef INDEX_SEARCH_H
#define INDEX_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/hits.h"
#include "index/index.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* A query; borrowed. */
struct search_wish {
	struct str words; /* as typed */
	size_t part; /* of the result, from 0 */
	const struct tree *tree; /* to check that pages exist; NULL: no check */
};

/* A search in an index. */
struct search;

/*
 * Opens the index for a query.  All memory is from the arena.  NULL with errno
 * set: EAGAIN when there is no index yet, EBADMSG when it is damaged, EIO when
 * it cannot be read, or ENOMEM.
 */
MUST_USE struct search *search_begin(const struct db_place *place,
    struct arena *arena, const struct search_wish *wish);

/* Runs the query; -1 on failure. */
MUST_USE int search_run(struct search *search);

/* The result. */
const struct hits_result *search_result(const struct search *search);

/* Lists all pages by title, for a query without a match. */
MUST_USE int search_list(struct search *search);

/* Closes the index. */
void search_end(struct search *search);

#endif
