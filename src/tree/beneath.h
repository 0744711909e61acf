#ifndef TREE_BENEATH_H
#define TREE_BENEATH_H

#include <stdbool.h>

#include "text/attribute.h"

/*
 * Opens `path`, relative, for reading beneath the directory `root`: no "..",
 * symbolic link or race leads out of it, and no absolute link is followed,
 * wherever it points.  A FIFO does not block.  Returns a close-on-exec
 * descriptor, or -1 with errno set; EXDEV is a way out.
 */
MUST_USE int beneath_open(int root, const char *path);

/*
 * The same without openat2(2), component by component: what beneath_open
 * does where the system lacks or refuses that call.
 */
MUST_USE int beneath_walk(int root, const char *path);

/*
 * Whether the `error` of a failed lookup means that there is nothing to serve:
 * no such name, a path that leads out of the root, a loop of links, a socket,
 * or EACCES.  All other errors are failures of the system that may pass.
 */
bool beneath_is_absent(int error);

#endif
