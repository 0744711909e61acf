#ifndef TEXT_QUESTION_H
#define TEXT_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#include "text/str.h"

#define QUESTION_PARTS 32

/* Words to be looked for one by one, or as they stand. */
struct question_part {
	struct str text;
	bool is_phrase; /* it stood in quotes */
};

struct question {
	struct question_part parts[QUESTION_PARTS];
	size_t count;
};

/*
 * Takes apart what a visitor typed: what stands in quotes, straight or
 * curved, is a phrase, and all else is words; a quote that is never closed
 * is none.  Parts with nothing in them, and those past QUESTION_PARTS, are
 * left out.  The parts are views of `text`.
 */
void question_read(struct str text, struct question *out);

/*
 * Whether an English word, in lower case, says nothing of what a question is
 * about: "the", "why", "did".
 */
bool question_is_filler(struct str word);

#endif
