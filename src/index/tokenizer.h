#ifndef INDEX_TOKENIZER_H
#define INDEX_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

struct sqlite3;

/* Bytes of a word; longer words are cut. */
#define TOKENIZER_LONGEST ((size_t)64)

/*
 * Splits text into the words of the index: runs of letters and digits, in lower
 * case and without diacritics, and in English stemmed.  One for each open
 * database.
 */
struct tokenizer;

/* Registers the tokenizer "capsule" in `db`; NULL without memory. */
MUST_USE struct tokenizer *tokenizer_open(struct sqlite3 *db, bool english);
void tokenizer_close(struct tokenizer *tokenizer);

typedef bool tokenizer_found(void *context, struct str word);

/*
 * Calls `found` for each word of `text`, as a stem or as it is, until it
 * returns false; -1 without memory.
 */
MUST_USE int tokenizer_each(const struct tokenizer *tokenizer, bool stemmed,
    struct str text, tokenizer_found *found, void *context);

#endif
