#ifndef TREE_CATALOGBUILD_H
#define TREE_CATALOGBUILD_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/pathlist.h"
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
	/* Whether a look is wanted, and hashing has to wait; NULL: never. */
	bool (*gives_way)(void *context);
	void *context;
	/* Adding for so long, a look leaves the rest to the next; 0: never. */
	unsigned look_ms;
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

/* Gives the file of the last index to the caller; -1 when there is none. */
MUST_USE int catalogbuild_take(struct catalogbuild *build);

/*
 * Looks at the whole tree (NULL), or at those files and directories, paths from
 * the root with their first slash and without a last one, and what is known to
 * be not settled.  Makes a new index in a file of its own, from the last one
 * and what changed since, if anything did.  Returns 1 when
 * there is one, 0 when the last is right, or -1 with errno set, and the last
 * stays.  Where there is much that is new, only part of it may be in.
 */
MUST_USE int catalogbuild_update(
    struct catalogbuild *build, const struct pathlist *paths);

/* Whether the last look left something, and one at all is wanted at once. */
bool catalogbuild_has_more(const struct catalogbuild *build);

/*
 * Finds out the hashes that looks had no time for, and makes a new index that
 * has them.  Returns 1 when there is one, 0 when none was due, or -1 with
 * errno set; EAGAIN when it gave way, and is to go on after a look.
 */
MUST_USE int catalogbuild_hash(struct catalogbuild *build);

#endif
