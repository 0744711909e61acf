#ifndef INDEX_PLAN_H
#define INDEX_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/index.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/question.h"
#include "text/str.h"

/* Words of a query that count; the rest is ignored. */
#define PLAN_WANTS 24
/* Terms of the index for one word. */
#define PLAN_TERMS 6

/* A term of the index, or several that make a phrase. */
struct plan_term {
	struct str text;
	double weight; /* 1 for the word itself, less for a similar one */
};

/* A word of the query, or a phrase. */
struct plan_want {
	struct plan_term terms[PLAN_TERMS];
	size_t count;
	struct str word; /* as typed, without case and accents */
	struct str stem;
	bool is_phrase; /* and is required */
	bool is_filler;
	int64_t rows; /* upper bound of the rows that hold it */
};

/* A query as terms of an index, mapped word by word. */
struct plan {
	const struct index *index;
	struct arena *arena; /* of all pointers below */
	struct plan_want wants[PLAN_WANTS];
	size_t count;
	unsigned nearest; /* words for which similar terms were searched */
};

/*
 * Makes a plan for `question`, which is borrowed.  A word that is not in the
 * index gets similar terms.  All memory is from the arena.  -1 on failure.
 */
MUST_USE int plan_make(struct plan *plan, const struct index *index,
    struct arena *arena, const struct question *question);

/*
 * Removes words that would hide better ones: words without terms in the index,
 * filler words beside others, and the commonest words while the rows of all
 * together are more than `most`.
 */
void plan_thin(struct plan *plan, int64_t most);

/* The query for FTS5; empty when no word is left, or without memory. */
struct str plan_match(const struct plan *plan);

#endif
