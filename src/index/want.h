#ifndef INDEX_WANT_H
#define INDEX_WANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/index.h"
#include "text/str.h"

/* Terms of the index for one word. */
#define WANT_TERMS 6

/* A term of the index, or several that make a phrase. */
struct want_term {
	struct str text;
	double weight; /* 1 for the word itself, less for a similar one */
};

/* A word of the query, or a phrase. */
struct want {
	struct want_term terms[WANT_TERMS];
	size_t count;
	struct str typed; /* a view of the question */
	struct str word; /* folded, or as typed */
	struct str stem; /* or several, with spaces between */
	bool is_phrase; /* a row must hold it */
	bool is_filler;
	bool is_run; /* of a script without spaces, as pairs of characters */
	bool is_part; /* of such a run */
	bool is_prefix; /* the last term is the beginning of a pair */
	bool is_near; /* no row holds it; similar terms were searched */
	int64_t rows; /* upper bound of the rows that hold it */
};

/* How many rows hold a term; 0 when none does, -1 on failure. */
int64_t want_rows(const struct index *index, struct str term);

/* An upper bound of the rows that hold a term with this beginning. */
int64_t want_rows_from(const struct index *index, struct str start);

#endif
