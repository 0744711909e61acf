#ifndef INDEX_HASHING_H
#define INDEX_HASHING_H

#include <stdbool.h>

#include "index/tables.h"
#include "text/attribute.h"
#include "tree/tree.h"

/* The hashing of the files that scans left out because they are large. */
struct hashing {
	struct tables *tables;
	const struct tree *tree;
	const bool *more; /* the last scan left changes for the next one */
	/* Lets the caller scan the tree; -1 ends the hashing.  May be NULL. */
	int (*idle)(void *context);
	void *context;
	/* Private: the file that is hashed. */
	struct str path;
	struct entry entry;
};

/*
 * Hashes all files that are due.  Returns 1 when it has stored some hashes, 0
 * when none was due, or -1 with errno set: ECANCELED when `idle` ended it.
 */
MUST_USE int hashing_run(struct hashing *hashing);

#endif
