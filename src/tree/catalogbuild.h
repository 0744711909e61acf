#ifndef TREE_CATALOGBUILD_H
#define TREE_CATALOGBUILD_H

#include <stdbool.h>

#include "text/attribute.h"
#include "tree/media.h"
#include "tree/tree.h"

/* Whose index it is, and where files for it come from. */
struct catalogbuild_setup {
	const struct tree *tree;
	struct media *media;
	bool english; /* words are stemmed */
	/*
	 * Gives an empty file for an index, open for reading and writing, or
	 * -1 with errno set.
	 */
	int (*blank)(void *context);
	/* Is told of each directory there is; -1 ends it, NULL: no need. */
	int (*enter)(void *context, const char *directory);
	void *context;
};

/* An index of all pages of a tree, kept true to it. */
struct catalogbuild;

/*
 * Begins with the index in the file `current`, taken, or with none (-1).
 * `setup` is borrowed.  NULL without memory.
 */
MUST_USE struct catalogbuild *
catalogbuild_new(const struct catalogbuild_setup *setup, int current);
void catalogbuild_free(struct catalogbuild *build);

/*
 * Looks at the whole tree, and makes a new index in a file of its own, from
 * the last one and what changed since, if anything did.  Returns 1 when
 * there is one, 0 when the last is right, or -1 with errno set, and the last
 * stays.
 */
MUST_USE int catalogbuild_update(struct catalogbuild *build);

#endif
