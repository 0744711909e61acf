#ifndef TEXT_BITSET_H
#define TEXT_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"

/* A set of small integers, as a bitmap.  Zeroed: empty. */
struct bitset {
	unsigned char *bits;
	size_t size; /* in bytes */
};

/* Adds a number; -1 without memory. */
MUST_USE int bitset_add(struct bitset *set, uint64_t number);
bool bitset_has(const struct bitset *set, uint64_t number);

/* Empties the set. */
void bitset_release(struct bitset *set);

#endif
