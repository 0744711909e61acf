#ifndef TEXT_WRAP_H
#define TEXT_WRAP_H

#include <stddef.h>

#include "text/buf.h"
#include "text/str.h"

/* The longest piece in bytes, since marks take no column. */
#define WRAP_PIECE ((size_t)1024)

/* The size of the text that decides a break, in bytes. */
#define WRAP_WINDOW ((size_t)2048)

/* The leading part of `s` that is printable ASCII. */
size_t wrap_plain(struct str s);

/*
 * Appends `raw` cleaned for display, as far as it fits in `out`, and removes
 * the cleaned part from `raw`: control characters (C0, DEL, C1) are dropped, a
 * byte that is not UTF-8 becomes U+FFFD, and Unicode line breaks (U+2028,
 * U+2029) become "\n".  A TAB becomes one space or, if `column` is given, the
 * spaces to the next tab stop, eight columns apart; `column` is then the column
 * after the text.
 */
void wrap_clean(struct buf *out, struct str *raw, size_t *column);

/* The width of clean text in columns. */
size_t wrap_columns(struct str text);

struct wrap_piece {
	struct str text; /* the text of the line */
	size_t taken; /* bytes of the text that the line used */
};

/*
 * The first line of clean `text`, at most `columns` wide, which are two to
 * WRAP_PIECE.  It ends at the end of the text, at a "\n", or as late as the
 * line breaking algorithm (UAX #14) allows, without its last spaces.  A word
 * that is too wide is broken, but never within a grapheme.  `text` has
 * WRAP_WINDOW bytes, or is the whole rest.
 */
struct wrap_piece wrap_next(struct str text, size_t columns);

/* Like wrap_next, but cut at the last column, with its spaces. */
struct wrap_piece wrap_cut(struct str text, size_t columns);

#endif
