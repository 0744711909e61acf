#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

/*
 * Inputs made of other inputs and of a dictionary's words.  The order of the
 * numbers is fixed, so every run makes the same inputs.
 */
#include <stddef.h>
#include <stdint.h>

#include "text/str.h"

#define MUTATE_MAX ((size_t)16384) /* bytes of an input */

/* Texts to take from, borrowed. */
struct mutate_texts {
	const struct str *at;
	size_t count;
};

struct mutator {
	struct mutate_texts inputs, words;
	uint64_t state; /* the seed at first */
};

/*
 * Makes the next input of one of `inputs`, or of nothing, in `out`, which has
 * room for MUTATE_MAX bytes.  Returns its length.
 */
size_t mutate_next(struct mutator *mutator, char *out);

/*
 * Writes what a line of a libFuzzer dictionary means to `out`, which has room
 * for line.len bytes: the text in quotes, with \\, \" and \xHH taken apart.
 * Returns its length; 0 for a line without a word.
 */
size_t mutate_word(struct str line, char *out);

#endif
