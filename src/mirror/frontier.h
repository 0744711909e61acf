#ifndef MIRROR_FRONTIER_H
#define MIRROR_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/* A place that links lead to. */
struct frontier_place {
	struct str request; /* with a NUL behind it */
	unsigned depth; /* links between it and where the walk began */
	bool is_menu; /* of Gopher */
};

/*
 * The places that a walk has heard of, each once, in the order in which it
 * did.  However many links there are, and however long they lead on, there
 * is an end to it.
 */
struct frontier {
	struct arena *arena; /* borrowed; where it all lives */
	size_t most; /* places */
	unsigned deepest;
	/* Why places were left out. */
	bool too_many, too_deep;
	/* Below is this room's own. */
	struct frontier_place *places;
	size_t count, room, next;
	struct hash *hash;
	size_t *slots; /* of a table by hash: number of a place, from 1 */
	size_t slot_count;
};

/* The caller has filled what is above.  -1 without memory. */
MUST_USE int frontier_open(struct frontier *frontier);
void frontier_release(struct frontier *frontier);

/*
 * Adds a place, unless it is known or past the limits: 1 or 0, -1 without
 * memory.  The request is copied.
 */
MUST_USE int
frontier_add(struct frontier *frontier, const struct frontier_place *place);

/* The place's number, from 0 in the order of addition; `count`: unknown. */
size_t frontier_find(const struct frontier *frontier, struct str request);

/* Whether the place is known already. */
bool frontier_knows(const struct frontier *frontier, struct str request);

/* The next place to look at; false when there is none. */
bool frontier_next(struct frontier *frontier, struct frontier_place *out);

#endif
