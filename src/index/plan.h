#ifndef INDEX_PLAN_H
#define INDEX_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/index.h"
#include "index/want.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/question.h"
#include "text/str.h"

/* Words of a query that count; the rest is ignored. */
#define PLAN_WANTS 24
/* Phrases that count, of these. */
#define PLAN_PHRASES 8
/*
 * The most rows of a phrase's rarest word: FTS5 searches from one row with the
 * phrase to the next in one call, which takes time for each row between.
 */
#define PLAN_PHRASE_ROWS 10000

/* A query as terms of an index, mapped word by word. */
struct plan {
	const struct index *index;
	struct arena *arena; /* of all pointers below */
	struct want wants[PLAN_WANTS];
	size_t count;
	unsigned nearest; /* words for which similar terms were searched */
	bool is_partial; /* a common phrase was divided */
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
