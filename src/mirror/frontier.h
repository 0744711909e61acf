#ifndef MIRROR_FRONTIER_H
#define MIRROR_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/* An address that a link leads to. */
struct frontier_place {
	struct str request; /* ends with a NUL */
	unsigned depth; /* links from the first page to it */
	bool is_menu, is_text; /* of Gopher */
};

/*
 * The addresses that a crawl has found, each once, in the order in which they
 * were found.  Limits on their number and depth end every crawl.
 */
struct frontier {
	struct arena *arena; /* borrowed; holds the requests */
	size_t most; /* the limit on places */
	unsigned deepest;
	/* Which limits left places out. */
	bool too_many, too_deep;
	/* Private. */
	struct frontier_place *places;
	size_t count, room, next;
	struct hash *hash;
	size_t *slots; /* hash table of numbers of places, from 1; 0: empty */
	size_t slot_count;
};

/* The caller has set the members above.  Returns -1 without memory. */
MUST_USE int frontier_open(struct frontier *frontier);
void frontier_release(struct frontier *frontier);

/*
 * Adds a place and copies its request.  Returns 1, 0 when it is known or beyond
 * a limit, or -1 without memory.
 */
MUST_USE int
frontier_add(struct frontier *frontier, const struct frontier_place *place);

/* The number of the place, in order of addition; `count` if it is unknown. */
size_t frontier_find(const struct frontier *frontier, struct str request);

/* Takes the next place; false when there is none. */
bool frontier_next(struct frontier *frontier, struct frontier_place *out);

#endif
