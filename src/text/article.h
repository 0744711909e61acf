#ifndef TEXT_ARTICLE_H
#define TEXT_ARTICLE_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

#define ARTICLE_QUESTIONS_MAX 10000
#define ARTICLE_TITLE_MAX 500

/* A paragraph on one line, or a line that was left out. */
struct article_text {
	struct article_text *next;
	struct str text;
	size_t line; /* of its first line, from 1 */
	bool is_heading; /* in a text without questions */
};

struct article_question {
	struct article_question *next, *previous;
	struct str text; /* ends in a question mark */
	struct str slug; /* a file name without its extension; see below */
	struct article_text *answer; /* NULL: none */
	size_t line;
};

/*
 * A plain text: a title, a lead, then questions with their answers.  Without
 * questions, all of it but the title is the lead.
 */
struct article {
	struct str title; /* empty: none */
	size_t title_line;
	struct article_text *lead; /* NULL: the text begins with a question */
	struct article_question *questions;
	size_t question_count;
	struct article_text *left_out; /* lines that are neither, in order */
	size_t line; /* of an encoding error or control character */
};

enum article_result {
	ARTICLE_OK,
	ARTICLE_EMPTY,
	ARTICLE_NOT_UTF8,
	ARTICLE_CONTROL, /* it has a control character */
	ARTICLE_TOO_MANY, /* more than ARTICLE_QUESTIONS_MAX questions */
	ARTICLE_NO_MEMORY,
};

/*
 * Parses `text`, which is borrowed: `out` points into it and into the arena.
 * The text is UTF-8, with a BOM or without; lines end in LF, CR LF or CR.
 *
 * A blank line ends a paragraph.  In a text without blank lines whose longest
 * line has more than 120 characters, each line is a paragraph.  Otherwise a
 * paragraph continues in the next line, joined by a space, except where the
 * next word would have fitted and the line ends a sentence, or is a label and
 * the next does not begin with a small letter.  A label that begins with a
 * letter, has two words or more, and begins a question is not apart from it.
 *
 * The first line is the title if a blank line follows it, it has at most 100
 * characters, and it does not end a sentence.  A number with up to two words,
 * such as the number of visitors, is not a title.
 *
 * A paragraph that ends with a question mark is a question, and the paragraphs
 * up to the next question are its answer.  A paragraph of fewer than 40
 * characters that does not end a sentence is a label, and is left out, unless
 * it is an item of a list, which begins with "* " or "- ".  Labels after a
 * question without other answer are its answer.
 *
 * In a text without questions nothing is left out: a label between two blank
 * lines is a heading, unless the text ends with it, and so is a line that is
 * marked as one, as in "## Heading".
 *
 * Slugs are unique, at most 64 bytes of a-z, 0-9 and "-", and never "index".
 */
MUST_USE enum article_result
article_read(struct arena *arena, struct str text, struct article *out);

/*
 * Whether `s` can be a title: one line of UTF-8, not empty, without control
 * characters, and no longer than ARTICLE_TITLE_MAX bytes.
 */
bool article_is_title(struct str s);

/* Removes the mark of a heading, as in "## Heading", if it has one. */
struct str article_unmarked(struct str text);

#endif
