#ifndef TOOL_DIR_H
#define TOOL_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Folders beneath one that is open.  No symbolic link is followed: one that
 * stands where a folder has to be fails with ENOTDIR, wherever it leads.
 */

/*
 * Opens the folder `name` in `dir`, making it first if `make`.  Returns a
 * descriptor, or -1 with errno set.
 */
MUST_USE int dir_enter(int dir, const char *name, bool make);

/*
 * Opens the folder that holds the file of that path, beneath `root`, making
 * folders if `make`; `name` is the file's name there.  Returns a descriptor,
 * or -1 with errno set.
 */
MUST_USE int
dir_parent(int root, struct str path, bool make, char name[NAME_MAX + 1]);

/* Closes a descriptor, if it is one, and keeps errno. */
void dir_close(int fd);

/* unlinkat(2) for a path beneath `root`. */
int dir_unlink(int root, struct str path, int flags);

/* Removes the folders above the path, from the last on, while they are empty.
 */
void dir_prune(int root, struct str path);

struct dir_entry {
	struct str path; /* relative to the root, with a NUL behind it */
	bool is_folder, is_file; /* neither: a link, a FIFO … */
	uint64_t size; /* of a file */
};

struct dir_list {
	struct dir_entry *entries; /* by path: a folder before its content */
	size_t count;
};

/*
 * Lists all that is beneath `root`, in memory of the arena and with three
 * descriptors, however deep it is.  Returns -1 with errno set.
 */
MUST_USE int dir_list(int root, struct arena *arena, struct dir_list *out);

/*
 * Removes `name` from `dir`, and if it is a folder all that is beneath it.
 * Returns -1 with errno set; a name that is not there is no error.
 */
MUST_USE int dir_remove(int dir, const char *name);

#endif
