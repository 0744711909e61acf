#ifndef TREE_DIRECTORY_H
#define TREE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

/* Something in a directory that a visitor may see. */
struct directory_entry {
	struct str name; /* any bytes but "/" and NUL */
	bool is_directory;
};

/* What a directory shows: directories first, each part in natural order. */
struct directory {
	struct directory_entry *entries;
	size_t count;
};

/*
 * Reads the directory `path` (decoded, with its final slash), open as
 * `entry`, which is borrowed.  Names that are hidden, lead out of the tree
 * or are neither file nor directory are left out.  All of it lives in the
 * arena.  Returns STATUS_SUCCESS, or STATUS_FAILURE without memory.
 */
MUST_USE enum status
directory_read(struct directory *directory, const struct tree *tree,
    struct arena *arena, struct str path, const struct entry *entry);

/*
 * The title of a page: its first heading, when it is gemtext and has one
 * within its first 4 KiB.  `title` lives in the arena; empty otherwise.
 */
void directory_title(const struct tree *tree, struct arena *arena,
    struct str path, struct str name, struct str *title);

#endif
