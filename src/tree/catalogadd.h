#ifndef TREE_CATALOGADD_H
#define TREE_CATALOGADD_H

#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "tree/catalogdraft.h"
#include "tree/media.h"
#include "tree/tree.h"
#include "tree/walk.h"

/* Where files come from, and where they are added; borrowed. */
struct catalogadd {
	const struct tree *tree;
	struct media *media;
	struct catalogdraft *draft;
	struct arena *arena; /* of one page */
	int64_t may_hash; /* bytes of large files; the others stay due */
};

/* A file that is to be added. */
struct catalogadd_file {
	struct walk_file file;
	struct entry entry; /* open, closed by the caller */
	struct catalogrow row; /* its id is the caller's */
};

/*
 * Opens the file that was met, to be added in the place of `last`.  Returns 1,
 * 0 when it has gone meanwhile, or -1 with errno set when it cannot be read.
 */
MUST_USE int catalogadd_open(struct catalogadd *add,
    const struct walk_file *met, const struct catalogrow *last,
    struct catalogadd_file *out);

/*
 * Adds the file, a page or not, to a draft that is written; -1 with errno set.
 * A page that cannot be read is added without its text.
 */
MUST_USE int
catalogadd_write(struct catalogadd *add, struct catalogadd_file *file);

#endif
