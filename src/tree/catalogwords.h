#ifndef TREE_CATALOGWORDS_H
#define TREE_CATALOGWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

struct sqlite3;

/* Bytes of a word; longer words are cut. */
#define CATALOGWORDS_LONGEST ((size_t)64)

/*
 * Splits text into the words of the index: runs of letters and digits, in lower
 * case and without diacritics, and in English stemmed.  One for each open
 * database.
 */
struct catalogwords;

/* Registers the tokenizer "capsule" in `db`; NULL without memory. */
MUST_USE struct catalogwords *
catalogwords_open(struct sqlite3 *db, bool english);
void catalogwords_close(struct catalogwords *words);

/*
 * Makes `told` be called for each stem of a row that is added to a table of
 * `db`, or removed from it.
 */
void catalogwords_tell(struct catalogwords *words,
    void (*told)(void *context, struct str term), void *context);

/* A word found in a text: its term, and its position. */
struct catalogword {
	struct str term;
	size_t start, end;
};

/*
 * Calls `found` for each word of `text`, as a stem or as it is, until it
 * returns false; -1 without memory.
 */
MUST_USE int catalogwords_each(const struct catalogwords *words, bool stemmed,
    struct str text,
    bool (*found)(void *context, const struct catalogword *word),
    void *context);

#endif
