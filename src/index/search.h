#ifndef INDEX_SEARCH_H
#define INDEX_SEARCH_H

#include <stddef.h>

#include "index/hits.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

struct db_place;

/* A query; borrowed. */
struct search_wish {
	struct str words; /* as typed */
	size_t part; /* of the result, from 0 */
	const struct tree *tree; /* to check that pages exist; NULL: no check */
};

/*
 * Searches the index, with memory from the arena.  Where nothing matches, all
 * pages are listed by title, and result->found is 0.  -1 with errno set: EAGAIN
 * when there is no index yet, EBADMSG when it is damaged, EIO when it cannot be
 * read, or ENOMEM.
 */
MUST_USE int search_run(const struct db_place *place, struct arena *arena,
    const struct search_wish *wish, struct hits_result *result);

#endif
