#ifndef SYS_SHA256_H
#define SYS_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

#define SHA256_SIZE 32

/* SHA-256 of bytes that come in parts. */
struct sha256;

/* Begun, and to be freed; NULL without memory. */
MUST_USE struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *sha256);

void sha256_add(struct sha256 *sha256, struct str bytes);

/* The hash of all that was added; begins anew.  -1 when OpenSSL failed. */
MUST_USE int sha256_end(struct sha256 *sha256, unsigned char out[SHA256_SIZE]);

/* All at once. */
MUST_USE int sha256_of(struct str bytes, unsigned char out[SHA256_SIZE]);

/*
 * Reads the file open as `fd` from its start to its end; `size` is how many
 * bytes that were.  Returns -1 with errno set.
 */
MUST_USE int
sha256_file(int fd, unsigned char out[SHA256_SIZE], uint64_t *size);

#endif
