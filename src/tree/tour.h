#ifndef TREE_TOUR_H
#define TREE_TOUR_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * An iterator over all files beneath a directory that a visitor may see, in the
 * order of the bytes of their paths.
 */
struct tour;

struct tour_file {
	struct str path; /* from the root, without a leading slash */
	struct entry entry;
};

/*
 * Begins at the directory `path`, decoded, with its final slash; borrows
 * `tree`.  A file or directory without read permission is skipped; with
 * `strict` it is a failure.  NULL with errno set when there is no such
 * directory, or without memory.
 */
MUST_USE struct tour *
tour_open(const struct tree *tree, struct str path, bool strict);
void tour_close(struct tour *tour);

/*
 * Opens the next file; the caller closes its descriptor, and its path is valid
 * until the next call.  Links to directories are not followed.  A file that is
 * added or removed meanwhile may be returned or not.  Returns 1, 0 at the end,
 * or -1 with errno set when the iteration cannot continue.
 */
MUST_USE int tour_next(struct tour *tour, struct tour_file *out);

/*
 * The current path, from the root and without a leading slash; after a failure,
 * that of the file or directory that failed.  Valid until the next call.
 */
struct str tour_path(const struct tour *tour);

#endif
