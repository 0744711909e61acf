#ifndef SYS_HASH_H
#define SYS_HASH_H

#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

/* A keyed hash (SipHash), for values that outsiders must not predict. */
struct hash;

#define HASH_KEY_SIZE 16

/* Makes a hash with a random key; NULL without memory or randomness. */
MUST_USE struct hash *hash_new(void);
void hash_free(struct hash *hash);

/* Hashes `bytes`; returns 0 only when OpenSSL fails. */
uint64_t hash_of(struct hash *hash, struct str bytes);

/*
 * hash_with hashes under another key. hash_make_key makes such a key from
 * random bytes; -1 without randomness.
 */
uint64_t hash_with(struct hash *hash, const unsigned char key[HASH_KEY_SIZE],
    struct str bytes);
MUST_USE int hash_make_key(unsigned char key[HASH_KEY_SIZE]);

#endif
