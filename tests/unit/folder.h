#ifndef UNIT_FOLDER_H
#define UNIT_FOLDER_H

/* A folder of files, its tree, and memory, for all tests of a file. */
#include "temporary.h"
#include "text/arena.h"
#include "tree/tree.h"

static struct temporary folder;
static struct tree tree;
static struct arena arena;

static inline int
folder_tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

#endif
