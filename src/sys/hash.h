#ifndef SYS_HASH_H
#define SYS_HASH_H

#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

/* A keyed hash (SipHash), for what nobody outside may guess. */
struct hash;

#define HASH_KEY_SIZE 16

/* With a random key; NULL without memory or randomness. */
MUST_USE struct hash *hash_new(void);
void hash_free(struct hash *hash);

/* The hash of some bytes; 0 only when OpenSSL fails. */
uint64_t hash_of(struct hash *hash, struct str bytes);

/* The same under another key, and such a key, random; -1 without one. */
uint64_t hash_with(struct hash *hash, const unsigned char key[HASH_KEY_SIZE],
    struct str bytes);
MUST_USE int hash_make_key(unsigned char key[HASH_KEY_SIZE]);

#endif
