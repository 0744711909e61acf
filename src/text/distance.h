#ifndef TEXT_DISTANCE_H
#define TEXT_DISTANCE_H

#include <stddef.h>

#include "text/str.h"

/* The length of the longest word that is compared, in characters. */
#define DISTANCE_LONGEST 40

/*
 * The edit distance of two words: the number of characters left out, added,
 * replaced or swapped with their neighbour (optimal string alignment).  A
 * distance above `most`, or to a word that is too long, is most + 1.
 */
unsigned distance_of(struct str a, struct str b, unsigned most);

/* The bytes of the common prefix of two words, in whole characters. */
size_t distance_shared(struct str a, struct str b);

#endif
