#ifndef TREE_STORESPACE_H
#define TREE_STORESPACE_H

#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* Each file and directory counts as a multiple of this, as on a disk. */
#define STORESPACE_UNIT ((uint64_t)4096)

/*
 * Adds up the sizes of all names beneath the directory `path`, absolute, with a
 * final slash, hidden files included; links are not followed, and directories
 * that cannot be read are left out.  Stops above `most`.  Returns -1 with errno
 * set.
 */
MUST_USE int storespace_used(
    const struct tree *tree, struct str path, uint64_t most, uint64_t *used);

/*
 * Adds up the sizes of one file and its older versions, as above.
 */
MUST_USE int storespace_used_by_file(
    const struct tree *tree, struct str path, uint64_t *used);

/*
 * Removes the files and folders that a process left under construction beneath
 * the directory `path`.  Returns -1 with errno set when some could not be
 * removed.
 */
MUST_USE int storespace_clean(const struct tree *tree, struct str path);

#endif
