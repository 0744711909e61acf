#ifndef TREE_CATALOGDUE_H
#define TREE_CATALOGDUE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "tree/catalogrow.h"
#include "tree/hashing.h"
#include "tree/tree.h"

/* Hashes of large files, which take turns with looks at the tree. */
struct catalogdue {
	const struct tree *tree;
	bool (*gives_way)(void *context); /* as catalogbuild_setup has it */
	void *context;
	/* The caller fills what is above; the rest is zeroed. */
	struct hashing hashing;
	int64_t id; /* of the file that is being hashed */
};

/*
 * Hashes the file of that row.  Returns 1 with the hash, 0 when it cannot be
 * had, which is logged unless the file is gone or another, or -1 with errno
 * EAGAIN when it gave way, and is to go on after a look.
 */
MUST_USE int catalogdue_hash(struct catalogdue *due,
    const struct catalogrow *row, unsigned char out[SHA256_SIZE]);

/* Whether a look is wanted. */
bool catalogdue_gives_way(const struct catalogdue *due);

void catalogdue_release(struct catalogdue *due);

#endif
