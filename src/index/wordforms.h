#ifndef INDEX_WORDFORMS_H
#define INDEX_WORDFORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "index/db.h"
#include "index/tokenizer.h"
#include "text/attribute.h"
#include "text/str.h"

/* Adds unstemmed words to the index. */
struct wordforms {
	const struct tokenizer *tokenizer;
	sqlite3_stmt *add; /* a word, and the word reversed */
	/* The caller sets the fields above and zeroes the rest. */
	uint64_t known[32768]; /* hashes of words that are in the table */
	bool failed;
};

/* Adds the words of a text that the index lacks; -1 on failure. */
MUST_USE int wordforms_add(struct wordforms *forms, struct str text);

#endif
