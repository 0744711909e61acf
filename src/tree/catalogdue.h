#ifndef TREE_CATALOGDUE_H
#define TREE_CATALOGDUE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "tree/catalogrow.h"
#include "tree/hashing.h"
#include "tree/tree.h"

/* Hashes large files between scans of the tree. */
struct catalogdue {
	const struct tree *tree;
	bool (*gives_way)(void *context); /* see catalogbuild_setup */
	void *context;
	/* The caller sets the fields above and zeroes the rest. */
	struct hashing hashing;
	int64_t id; /* of the current file */
};

/*
 * Hashes the file of `row`.  Returns 1 with the hash; 0 when the hash cannot be
 * computed, which is logged unless the file was removed or replaced; or -1 with
 * errno EAGAIN when it stopped for a scan and has to be called again after it.
 */
MUST_USE int catalogdue_hash(struct catalogdue *due,
    const struct catalogrow *row, unsigned char out[SHA256_SIZE]);

/* Whether a scan is wanted. */
bool catalogdue_gives_way(const struct catalogdue *due);

void catalogdue_release(struct catalogdue *due);

#endif
