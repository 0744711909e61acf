#ifndef INDEX_FILEADD_H
#define INDEX_FILEADD_H

#include <stdint.h>

#include "index/tables.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "tree/media.h"
#include "tree/tree.h"
#include "tree/walk.h"

/* The source and the destination of files; borrowed. */
struct fileadd {
	const struct tree *tree;
	struct media *media;
	struct tables *tables;
	struct arena *arena; /* of one page */
	int64_t may_hash; /* bytes of large files to hash; the rest stays due */
};

/* A file to add. */
struct fileadd_file {
	struct walk_entry met; /* valid until the next step of the walk */
	struct entry entry; /* open, closed by the caller */
	struct filerow row; /* its id is the caller's */
};

/*
 * Opens a file that the scan found; it will replace `last`.  Returns 1, 0 when
 * the file no longer exists, or -1 with errno set when it cannot be read.
 */
MUST_USE int fileadd_open(struct fileadd *add, const struct walk_entry *met,
    const struct filerow *last, struct fileadd_file *out);

/*
 * Adds the file, a page or not, to the open tables; -1 with errno set.  A page
 * that cannot be read is added without its text.
 */
MUST_USE int fileadd_write(struct fileadd *add, struct fileadd_file *file);

#endif
