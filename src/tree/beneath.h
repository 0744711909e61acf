#ifndef TREE_BENEATH_H
#define TREE_BENEATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "text/attribute.h"

/* Bytes of a path with a leading slash and NUL. */
#define BENEATH_REAL_MAX (PATH_MAX + 1)

/*
 * Opens the relative `path` for reading beneath the directory `root`.  No "..",
 * symbolic link or race leads out of `root`, and absolute links are not
 * followed.  A FIFO does not block.  Returns a close-on-exec descriptor, or -1
 * with errno set; EXDEV means that the path leads out of `root`.
 */
MUST_USE int beneath_open(int root, const char *path);

/*
 * Gets the state of the file that beneath_open would open. Read permission is
 * needed only where the system lacks or refuses openat2(2). -1 with errno set.
 */
MUST_USE int beneath_stat(int root, const char *path, struct stat *out);

/*
 * Does the same as beneath_open without openat2(2), component by component.
 * beneath_open calls it where the system lacks or refuses openat2(2).
 */
MUST_USE int beneath_walk(int root, const char *path);

/*
 * The same as beneath_open. Writes the path that the links lead to, absolute as
 * if `root` were "/", and without a final slash. `path` has no dot segments and
 * no empty names.
 */
MUST_USE int
beneath_open_real(int root, const char *path, char real[BENEATH_REAL_MAX]);

/*
 * Opens the directory `name`, one component and not a link, in the directory
 * `folder`: ENOTDIR or ELOOP for a link.  With `stays`, a directory on which
 * something is mounted fails, too, with EXDEV; where the system lacks
 * openat2(2), only if it is another file system.
 */
MUST_USE int beneath_enter(int folder, const char *name, bool stays);

/*
 * Whether the `error` of a failed lookup means that there is nothing to serve:
 * no such name, a path that leads out of the root, a loop of links, a socket,
 * or EACCES.  All other errors are failures of the system that may pass.
 */
bool beneath_is_absent(int error);

#endif
