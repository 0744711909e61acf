#ifndef TREE_CATALOGWORDS_H
#define TREE_CATALOGWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

struct sqlite3;

/* Bytes of a word that are kept; longer ones are cut. */
#define CATALOGWORDS_LONGEST ((size_t)64)

/*
 * What the index takes for a word: runs of letters and digits, in lower case
 * and without diacritics, and, in English, their stem.  One for each open
 * database.
 */
struct catalogwords;

/*
 * Makes its rules known to `db`, as the tokenizer "capsule" of tables; NULL
 * without memory.
 */
MUST_USE struct catalogwords *
catalogwords_open(struct sqlite3 *db, bool english);
void catalogwords_close(struct catalogwords *words);

/*
 * From now on `told` hears of each stem of a row that is added to a table of
 * `db`, or removed.
 */
void catalogwords_tell(struct catalogwords *words,
    void (*told)(void *context, struct str term), void *context);

/* A word found in a text: what it becomes, and where it stood. */
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
