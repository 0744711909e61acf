#ifndef TREE_CATALOGFORMS_H
#define TREE_CATALOGFORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* Words as they are written, on their way into the index. */
struct catalogforms {
	const struct catalogwords *words;
	sqlite3_stmt *add; /* a word, and the same from its end */
	/* The caller fills what is above; the rest is zeroed. */
	uint64_t known[32768]; /* hashes of words that are in the table */
	bool failed;
};

/* Adds the words of a text that are not there yet; -1 on failure. */
MUST_USE int catalogforms_add(struct catalogforms *forms, struct str text);

#endif
