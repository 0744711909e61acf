#ifndef SYS_SHA256_H
#define SYS_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

#define SHA256_SIZE 32
/* The bytes of a hash in base 64, with NUL. */
#define SHA256_BASE64 45

/* SHA-256 computed incrementally. */
struct sha256;

/* Starts a hash; NULL without memory. The caller frees it. */
MUST_USE struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *sha256);

void sha256_add(struct sha256 *sha256, struct str bytes);

/* Writes the hash of the added bytes and starts anew; -1 on failure. */
MUST_USE int sha256_end(struct sha256 *sha256, unsigned char out[SHA256_SIZE]);

/* Hashes `bytes` in one call; -1 when OpenSSL failed. */
MUST_USE int sha256_of(struct str bytes, unsigned char out[SHA256_SIZE]);

/* Writes a hash in base 64 (RFC 4648 section 4). */
void
sha256_base64(const unsigned char hash[SHA256_SIZE], char out[SHA256_BASE64]);

/* Called after every few megabytes; -1 with errno set ends the hashing. */
struct sha256_pause {
	int (*call)(void *context);
	void *context;
};

/*
 * Hashes the open file `fd` from start to end, and sets `size` to its length.
 * Without `pause`, NULL, it is not interrupted.  Returns -1 with errno set.
 */
MUST_USE int sha256_file(int fd, unsigned char out[SHA256_SIZE], uint64_t *size,
    const struct sha256_pause *pause);

#endif
