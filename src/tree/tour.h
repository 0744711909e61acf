#ifndef TREE_TOUR_H
#define TREE_TOUR_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * A tour of all files beneath a directory that a visitor may see, in the order
 * of the bytes of their paths.
 */
struct tour;

struct tour_file {
	struct str path; /* from the root, without a slash before it */
	struct entry entry;
};

/*
 * Begins at `path`, decoded, with its final slash; borrows `tree`.  A file or
 * directory without read permission is skipped; with `strict` it is a failure.
 * NULL with errno set when there is no such directory, or without memory.
 */
MUST_USE struct tour *
tour_open(const struct tree *tree, struct str path, bool strict);
void tour_close(struct tour *tour);

/*
 * The next file, open, whose descriptor the caller closes; its path is valid
 * until the next call.  Links to directories are not followed; what comes or
 * goes meanwhile is met or not.  Returns 1, 0 at the end, or -1 with errno set
 * when the rest cannot be had.
 */
MUST_USE int tour_next(struct tour *tour, struct tour_file *out);

/*
 * The path where the tour is, from the root and without a leading slash; after
 * a failure, that of the file or directory that failed.  Valid until the next
 * call.
 */
struct str tour_path(const struct tour *tour);

#endif
