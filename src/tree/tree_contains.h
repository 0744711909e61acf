#ifndef TREE_TREE_CONTAINS_H
#define TREE_TREE_CONTAINS_H

#include <stddef.h>
#include <sys/stat.h>

#include "text/attribute.h"
#include "tree/tree.h"

/*
 * Whether the directory `path`, or its parent if it does not exist, is in the
 * tree or is its root: 1 or 0, -1 with errno set.
 */
MUST_USE int tree_contains(const struct tree *tree, const char *path);

/*
 * As tree_contains, for several trees, of which `roots` has the states of the
 * roots. With 1, `which` is the index of the one whose root is nearest above.
 */
MUST_USE int tree_contains_which(
    const struct stat *roots, size_t count, const char *path, size_t *which);

#endif
