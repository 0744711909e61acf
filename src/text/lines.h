#ifndef TEXT_LINES_H
#define TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The source of a text: fills up to `room` bytes at `at`, which are at least
 * half of LINES_BUFFER; returns the number of bytes, 0 at the end,
 * LINES_NOT_YET when there are none at the moment, or -1 with errno set.
 */
#define LINES_NOT_YET (-2)
typedef ssize_t lines_source(void *context, char *at, size_t room);

/* A line, or a part of a line that is longer than `longest`. */
struct lines_part {
	struct str text; /* without its LF */
	bool first, last; /* of its line */
};

#define LINES_BUFFER ((size_t)16 << 10)

#define LINES_LATER 2

/*
 * The lines of a text of any length, in constant memory.  The division of a
 * long line does not depend on the sizes that the source returns.
 */
struct lines {
	lines_source *read;
	void *context;
	size_t longest; /* part, in bytes: 4 to LINES_BUFFER / 2 */
	size_t turn; /* reads of the source in one turn; 0: unlimited */
	/* The caller sets the members above. */
	size_t reads; /* in this turn */
	char *at;
	size_t start, end; /* of the bytes that are buffered */
	bool begun, within_line, ended;
	int error; /* errno of the source; stays set */
};

/* Takes the buffer from the arena; -1 without memory. */
MUST_USE int lines_open(struct lines *lines, struct arena *arena);

/*
 * Returns the next line, or the next part of one, without a byte order mark at
 * the start of the text, and divided between characters; `out` is valid until
 * the next call.  Returns 1, 0 at the end, LINES_LATER when the turn is over,
 * until lines_turn begins another, or after LINES_NOT_YET, or -1 with errno
 * set, also at later calls, when the source failed.
 */
MUST_USE int lines_next(struct lines *lines, struct lines_part *out);

/* Begins another turn. */
void lines_turn(struct lines *lines);

#endif
