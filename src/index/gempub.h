#ifndef INDEX_GEMPUB_H
#define INDEX_GEMPUB_H

#include "text/arena.h"
#include "text/attribute.h"
#include "text/site.h"
#include "tree/tree.h"

/* The generated file metadata.txt of a Gempub. */
struct gempub {
	struct str text; /* in the arena; empty if the author has that file */
	int64_t time; /* of the index page */
};

/* Writes the metadata of the tree; -1 with errno set. */
MUST_USE int gempub_make(struct gempub *gempub, const struct tree *tree,
    const struct site *site, struct arena *arena);

#endif
