#ifndef TREE_CATALOGADD_H
#define TREE_CATALOGADD_H

#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "tree/catalogdraft.h"
#include "tree/media.h"
#include "tree/tree.h"
#include "tree/walk.h"

/* The source and the destination of files; borrowed. */
struct catalogadd {
	const struct tree *tree;
	struct media *media;
	struct catalogdraft *draft;
	struct arena *arena; /* of one page */
	int64_t may_hash; /* bytes of large files to hash; the rest stays due */
};

/* A file to add. */
struct catalogadd_file {
	struct walk_file file;
	struct entry entry; /* open, closed by the caller */
	struct catalogrow row; /* its id is the caller's */
};

/*
 * Opens a file that the scan found; it will replace `last`.  Returns 1, 0 when
 * the file no longer exists, or -1 with errno set when it cannot be read.
 */
MUST_USE int
catalogadd_open(struct catalogadd *add, const struct walk_file *met,
    const struct catalogrow *last, struct catalogadd_file *out);

/*
 * Adds the file, a page or not, to an open draft; -1 with errno set.  A page
 * that cannot be read is added without its text.
 */
MUST_USE int
catalogadd_write(struct catalogadd *add, struct catalogadd_file *file);

#endif
