#ifndef MIRROR_DIR_H
#define MIRROR_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Folders beneath an open one.  No symbolic link is followed: a link in the
 * place of a folder fails with ENOTDIR, wherever it leads.
 */

/*
 * Opens the folder `name` in `dir`, making it first if `make`.  Returns a
 * descriptor, or -1 with errno set.
 */
MUST_USE int dir_enter(int dir, const char *name, bool make);

/*
 * Opens the folder beneath `root` that holds the file `path`, making missing
 * folders if `make`, and sets `name` to the file's name there.  Returns a
 * descriptor, or -1 with errno set.
 */
MUST_USE int
dir_parent(int root, struct str path, bool make, char name[NAME_MAX + 1]);

/* unlinkat(2) for a path beneath `root`. */
int dir_unlink(int root, struct str path, int flags);

/* Removes the folders above `path` that are empty, the innermost first. */
void dir_prune(int root, struct str path);

struct dir_entry {
	struct str path; /* relative to the root; a NUL follows it */
	bool is_folder, is_file; /* neither: a link, a FIFO … */
	uint64_t size; /* of a file */
};

struct dir_list {
	struct dir_entry *entries; /* by path: a folder before its content */
	size_t count;
};

/*
 * Lists everything beneath `root`, in memory of the arena.  It uses three
 * descriptors, however deep the tree is.  Returns -1 with errno set.
 */
MUST_USE int dir_list(int root, struct arena *arena, struct dir_list *out);

/*
 * Removes `name` from `dir`, with everything beneath it if it is a folder.
 * Returns -1 with errno set; a missing name is no error.
 */
MUST_USE int dir_remove(int dir, const char *name);

#endif
