#ifndef TEXT_TEXTFAULT_H
#define TEXT_TEXTFAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/lines.h"
#include "text/str.h"

/*
 * Faults of a text that "capsule check" reports as encoding, control and
 * unclosed, and that an upload may not have.
 */
enum textfault_kind {
	TEXTFAULT_NONE,
	TEXTFAULT_MARK, /* begins with a byte order mark */
	TEXTFAULT_ENCODING, /* not UTF-8 */
	TEXTFAULT_CONTROL, /* control characters */
	TEXTFAULT_UNCLOSED, /* preformatted text does not end */
};

struct textfault {
	enum textfault_kind kind;
	size_t line; /* from 1 */
};

/* Whether the start of a text is a byte order mark. */
bool textfault_has_mark(struct str start);

/* The first byte of a line or part that is not UTF-8; NULL: there is none. */
const uint8_t *textfault_bad_byte(struct str part);

/*
 * Whether a line or part, which is UTF-8, has control characters.  A TAB is
 * none, and white space at the end of a line does not count.
 */
bool textfault_has_control(struct str part);

/*
 * Finds the first fault of a text; only gemtext can be unclosed.  Returns -1
 * with errno set when the source failed, or without memory.
 */
MUST_USE int textfault_find(
    lines_source *read, void *context, bool is_gemtext, struct textfault *out);

#endif
