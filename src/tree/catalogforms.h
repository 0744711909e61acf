#ifndef TREE_CATALOGFORMS_H
#define TREE_CATALOGFORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* Adds unstemmed words to the index. */
struct catalogforms {
	const struct catalogwords *words;
	sqlite3_stmt *add; /* a word, and the word reversed */
	/* The caller sets the fields above and zeroes the rest. */
	uint64_t known[32768]; /* hashes of words that are in the table */
	bool failed;
};

/* Adds the words of a text that the index lacks; -1 on failure. */
MUST_USE int catalogforms_add(struct catalogforms *forms, struct str text);

#endif
