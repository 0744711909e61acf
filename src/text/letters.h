#ifndef TEXT_LETTERS_H
#define TEXT_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/str.h"

/* Bytes of a folded character. */
#define LETTERS_ROOM ((size_t)23)

enum letters_kind {
	LETTERS_BREAK, /* between words */
	LETTERS_IGNORED, /* within a word, without effect */
	LETTERS_MARK, /* belongs to the letter before it */
	LETTERS_WORD, /* a letter or digit */
	/* A letter of a script without spaces, or of Korean. */
	LETTERS_SPACELESS,
};

/* A character as words have it. */
struct letters_fold {
	uint32_t from;
	uint8_t kind; /* enum letters_kind */
	uint8_t len;
	char text[LETTERS_ROOM];
};

/*
 * Folded characters that were needed before; all zero at first, and private.
 */
struct letters_cache {
	struct letters_fold folds[1024];
};

/*
 * Folds the character at the beginning of `text`, which is not empty, as it
 * folds all characters that mean the same letter: by Unicode's full case
 * folding, its compatibility decomposition, a table of letters that have none,
 * and without accents, points and vowel signs that texts may omit.  Stores the
 * number of bytes that were read.  A byte that is not UTF-8 is LETTERS_BREAK.
 * The result is valid until the next call.
 */
const struct letters_fold *
letters_fold(struct letters_cache *cache, struct str text, size_t *read);

/*
 * The common other spelling of a folded letter that has no decomposition, such
 * as "ae" for U+00E6; empty for all others.
 */
struct str letters_spelling(uint32_t c);

/* The number of characters in UTF-8. */
size_t letters_count(struct str text);

/* The number of bytes that the first `count` characters have, or fewer. */
size_t letters_length(struct str text, size_t count);

#endif
