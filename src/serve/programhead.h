#ifndef SERVE_PROGRAMHEAD_H
#define SERVE_PROGRAMHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "text/status.h"
#include "text/str.h"

/*
 * The header of a program's answer. It is a line of Gemini, which may end in LF
 * alone; or a block of HTTP's header fields and an empty line, as PHP writes
 * it, and then a line of Gemini, or else the body.
 */

/* The longest META of Gemini. */
#define PROGRAMHEAD_META_MAX ((size_t)1024)
/* The longest block, with its empty line. */
#define PROGRAMHEAD_BLOCK_MAX ((size_t)8192)
/* The most bytes that programhead_read needs. */
#define PROGRAMHEAD_MAX \
	(PROGRAMHEAD_BLOCK_MAX + sizeof "20 \r" + PROGRAMHEAD_META_MAX)

struct programhead {
	/* A block without a line of Gemini is mapped to a status and META. */
	enum status status;
	/* Without control characters, never empty, borrowed from the input. */
	struct str meta;
	size_t len; /* bytes before the body */
	const char *fault; /* of a header that is not valid, for the log */
};

enum programhead_state {
	PROGRAMHEAD_MORE, /* the header is not complete */
	PROGRAMHEAD_DONE, /* `out` has status, meta and len */
	PROGRAMHEAD_BAD, /* `out` has the fault */
};

/*
 * Reads the header at the start of `input`, all bytes so far. `ended`: no more
 * will come; then the result is not PROGRAMHEAD_MORE, and neither is it for an
 * input of PROGRAMHEAD_MAX bytes.
 */
enum programhead_state
programhead_read(struct str input, bool ended, struct programhead *out);

#endif
