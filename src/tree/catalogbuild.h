#ifndef TREE_CATALOGBUILD_H
#define TREE_CATALOGBUILD_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/pathlist.h"
#include "tree/catalogdb.h"
#include "tree/media.h"
#include "tree/tree.h"

/* Whose index it is, and where files for it come from. */
struct catalogbuild_setup {
	const struct tree *tree;
	struct media *media;
	bool english; /* words are stemmed */
	const struct catalogdb_place *place; /* where it is written */
	bool waits_for_look; /* what was known may not be so any more */
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

/* Begins with the index there, or none; borrows.  NULL without memory. */
MUST_USE struct catalogbuild *
catalogbuild_new(const struct catalogbuild_setup *setup);
void catalogbuild_free(struct catalogbuild *build);

/*
 * Looks at the whole tree (NULL), or at those files and directories, paths from
 * the root with their first slash and without a last one, and what is known to
 * be not settled, and makes the index true to them.  Returns 1 when it has
 * changed, 0 when it was right, or -1 with errno set, and it stays as it was.
 * Where there is much that is new, only part of it may be in.  An index that is
 * damaged, or of another version, is made anew.
 */
MUST_USE int catalogbuild_update(
    struct catalogbuild *build, const struct pathlist *paths);

/* Whether the last look left something: then another is wanted at once. */
bool catalogbuild_has_more(const struct catalogbuild *build);

/*
 * Finds out the hashes that looks had no time for.  Returns 1 when it has some,
 * 0 when none was due, or -1 with errno set; EAGAIN when it gave way, and is to
 * go on after a look.
 */
MUST_USE int catalogbuild_hash(struct catalogbuild *build);

#endif
