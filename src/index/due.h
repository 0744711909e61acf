#ifndef INDEX_DUE_H
#define INDEX_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "index/filerow.h"
#include "index/hashing.h"
#include "sys/sha256.h"
#include "text/attribute.h"
#include "tree/tree.h"

/* Hashes large files between scans of the tree. */
struct due {
	const struct tree *tree;
	bool (*gives_way)(void *context); /* see builder_setup */
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
MUST_USE int due_hash(
    struct due *due, const struct filerow *row, unsigned char out[SHA256_SIZE]);

/* Whether a scan is wanted. */
bool due_gives_way(const struct due *due);

void due_release(struct due *due);

#endif
