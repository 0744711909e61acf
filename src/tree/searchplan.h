#ifndef TREE_SEARCHPLAN_H
#define TREE_SEARCHPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/question.h"
#include "text/str.h"
#include "tree/catalog.h"

/* Words of a question that count; the rest is left out. */
#define SEARCHPLAN_WANTS 24
/* Terms of the index that one word may mean. */
#define SEARCHPLAN_TERMS 6

/* A term as it stands in the index, or several that make a phrase. */
struct searchplan_term {
	struct str text;
	double weight; /* 1 for what was asked for, less for what is near */
};

/* What is wanted of a passage: one word of the question, or one phrase. */
struct searchplan_want {
	struct searchplan_term terms[SEARCHPLAN_TERMS];
	size_t count;
	struct str word; /* as it was typed, but for case and accents */
	struct str stem;
	bool is_phrase; /* and has to be there */
	bool is_filler;
	int64_t rows; /* that hold it, or a bit more */
};

/* A question in terms of an index, found word by word. */
struct searchplan {
	const struct catalog *catalog;
	struct arena *arena; /* of all that is pointed to */
	struct searchplan_want wants[SEARCHPLAN_WANTS];
	size_t count;
	size_t next; /* to be looked up */
	unsigned nearest; /* words that nearest terms were looked for */
};

/*
 * Begins a plan for `question`, borrowed.  Everything lives in the arena.
 * Returns -1 without memory.
 */
MUST_USE int
searchplan_begin(struct searchplan *plan, const struct catalog *catalog,
    struct arena *arena, const struct question *question);

/*
 * Looks the next word up; those that are not in the index mean what is
 * nearest to them.  Returns 1, 0 when it has seen all, -1 on failure.
 */
MUST_USE int searchplan_next(struct searchplan *plan);

/*
 * Leaves out what would drown the rest: words that mean nothing to the
 * index, fillers beside better words, and the commonest of words whose rows
 * together are more than `most`.
 */
void searchplan_thin(struct searchplan *plan, int64_t most);

/* The query for FTS5; empty when nothing is left, or without memory. */
struct str searchplan_match(const struct searchplan *plan);

#endif
