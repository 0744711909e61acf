#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/letters.h"
#include "text/str.h"

/* Bytes of a word; longer words are cut. */
#define WORDS_LONGEST ((size_t)64)

enum words_kind {
	WORDS_WORD,
	/* In a script without spaces: a character and the next one. */
	WORDS_PAIR,
	WORDS_LAST, /* the character after the last pair */
	WORDS_ALONE, /* a character without neighbours */
};

/* A letter of a script without spaces, with its marks. */
struct words_unit {
	char text[WORDS_LONGEST / 2];
	size_t len, from, to;
};

/*
 * The words of a text, folded (see letters.h).  A run of a script without
 * spaces is divided into overlapping pairs of characters, since only a
 * dictionary could tell the words.
 */
struct words_reader {
	struct str text;
	struct letters_cache *cache; /* borrowed */
	/* The caller sets the members above; the others are 0 at first. */
	size_t at; /* in the text */
	struct words_unit unit; /* read ahead */
	bool has_unit;
	/* The current word: */
	enum words_kind kind;
	size_t len;
	size_t from, to; /* its bytes in the text; of a pair, the first's */
	char word[WORDS_LONGEST];
};

/* Reads the next word; false at the end. */
bool words_next(struct words_reader *words);

#endif
