#ifndef TEXT_DISTANCE_H
#define TEXT_DISTANCE_H

#include <stddef.h>

#include "text/str.h"

/* Characters of the longest word that is compared. */
#define DISTANCE_LONGEST 40

/*
 * How many mistakes of typing turn one word into the other: characters that
 * were left out, added, mistaken, or swapped with their neighbour (optimal
 * string alignment).  More than `most`, and words that are too long, are
 * most + 1.
 */
unsigned distance_of(struct str a, struct str b, unsigned most);

/* Bytes at the start that two words share, in whole characters. */
size_t distance_shared(struct str a, struct str b);

#endif
