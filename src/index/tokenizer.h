#ifndef INDEX_TOKENIZER_H
#define INDEX_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"
#include "text/words.h"

struct sqlite3;

/*
 * Splits text into the words of the index (see text/words.h), in English
 * stemmed.  One for each open database.
 */
struct tokenizer;

/* Registers the tokenizer "capsule" in `db`; NULL without memory. */
MUST_USE struct tokenizer *tokenizer_open(struct sqlite3 *db, bool english);
void tokenizer_close(struct tokenizer *tokenizer);

/*
 * The stem of a word from words_next: the term of the index.  Valid until the
 * next call, or as long as the word.
 */
struct str tokenizer_stem(struct tokenizer *tokenizer, struct str word);

/* Begins to read the words of a text, which is borrowed. */
struct words_reader
tokenizer_words(struct tokenizer *tokenizer, struct str text);

#endif
