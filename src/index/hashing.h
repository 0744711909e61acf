#ifndef INDEX_HASHING_H
#define INDEX_HASHING_H

#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "tree/tree.h"

/* A file that is hashed in steps.  Zeroed: none. */
struct hashing {
	struct sha256 *sum; /* NULL: none */
	struct entry entry;
	uint64_t at;
};

/* Begins to hash a file; takes its descriptor.  -1 without memory. */
MUST_USE int hashing_begin(struct hashing *hashing, const struct entry *entry);

/*
 * Hashes some megabytes more.  Returns 1 with the hash, 0 when there is more to
 * do, or -1 with errno set: ESTALE when the file has changed since it was
 * opened.
 */
MUST_USE int
hashing_go_on(struct hashing *hashing, unsigned char out[SHA256_SIZE]);

/* Closes the file, if there is one. */
void hashing_release(struct hashing *hashing);

#endif
