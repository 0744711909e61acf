#ifndef TEXT_LINES_H
#define TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Where text comes from: fills up to `room` bytes at `at`, which are at least
 * half of LINES_BUFFER; returns how many, 0 at the end, or -1 with errno set,
 * EAGAIN when there is nothing yet.
 */
typedef ssize_t lines_source(void *context, char *at, size_t room);

/* A line, or a part of one that is longer than the reader was asked for. */
struct lines_part {
	struct str text; /* without its LF */
	bool first, last; /* of its line */
};

#define LINES_BUFFER ((size_t)16 << 10)

/*
 * The lines of a text of any length, in memory that does not grow.  Where a
 * long line is parted does not depend on how the source comes.
 */
struct lines {
	lines_source *read;
	void *context;
	size_t longest; /* part in bytes, 4 to LINES_BUFFER / 2 */
	size_t turn; /* reads of the source in one turn; 0: any number */
	/* The caller fills what is above. */
	size_t reads; /* in this turn */
	char *at;
	size_t start, end; /* of what was read and not yet given */
	bool begun, within_line, ended;
	int error; /* errno of the source, for good */
};

/* Takes the buffer from the arena; -1 without memory. */
MUST_USE int lines_open(struct lines *lines, struct arena *arena);

/*
 * Gives the next line, or the next part of one, without a byte order mark at
 * the text's start and never ending within a character of UTF-8; `out` is
 * valid until the next call.  Returns 1, 0 at the end, or -1 with errno set:
 * EAGAIN when the source has nothing yet, or the turn is over, until
 * lines_turn begins another; anything else, from then on, when it failed.
 */
MUST_USE int lines_next(struct lines *lines, struct lines_part *out);

/* Begins another turn. */
void lines_turn(struct lines *lines);

#endif
