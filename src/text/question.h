#ifndef TEXT_QUESTION_H
#define TEXT_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#include "text/str.h"

#define QUESTION_PARTS 32

/* Words to search one by one, or a phrase. */
struct question_part {
	struct str text;
	bool is_phrase; /* it was in quotes */
};

struct question {
	struct question_part parts[QUESTION_PARTS];
	size_t count;
};

/*
 * Parses a visitor's search: text in straight or curved quotes is a phrase, all
 * other text is words; a quote without end is ignored.  Empty parts, and those
 * beyond QUESTION_PARTS, are left out.  The parts are views of `text`.
 */
void question_read(struct str text, struct question *out);

/* Whether an English word, in lower case, helps no search: "the", "why". */
bool question_is_filler(struct str word);

#endif
