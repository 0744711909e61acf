#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "text/buf.h"
#include "text/str.h"

/* Whether a character is a control: C0, DEL, or C1, as terminals obey it. */
bool utf8_is_control(uint32_t c);

/*
 * Whether a character changes the direction of text, or separates lines or
 * paragraphs, so that a reader takes a part of a line for something else.
 */
bool utf8_misleads(uint32_t c);

/* Takes a character, or with false a byte that is not UTF-8, from `rest`. */
bool utf8_take(struct str *rest, uint32_t *c, struct str *out);

/*
 * Appends `text` cleaned for display: valid UTF-8 on one line.  A TAB becomes a
 * space; other C0 controls, DEL and C1 controls are dropped, and each byte that
 * is not UTF-8 becomes U+FFFD.  At most three times as long as the text.
 */
void utf8_clean(struct buf *out, struct str text);

/*
 * Appends `text` so that it neither controls nor misleads a terminal: each byte
 * of C0 controls, DEL, C1 controls, marks that change the direction of text,
 * line and paragraph separators, and of invalid UTF-8, is written "\xHH".
 * At most four times as long as the text.
 */
void utf8_escape(struct buf *out, struct str text);

/* Whether the whole text is UTF-8. */
bool utf8_is_valid(struct str text);

#endif
