#ifndef TEXT_WRAP_H
#define TEXT_WRAP_H

#include <stddef.h>

#include "text/buf.h"
#include "text/str.h"

/* A piece is never longer, whatever its columns: marks take no column. */
#define WRAP_PIECE ((size_t)1024)

/* How much text a piece is decided by. */
#define WRAP_WINDOW ((size_t)2048)

/* The leading part of `s` that is printable ASCII. */
size_t wrap_plain(struct str s);

/*
 * Appends what of `raw` can be shown, as far as `out` has room, and takes
 * off `raw` what it has seen: control characters (C0, DEL, C1) are dropped,
 * a byte that is not UTF-8 becomes U+FFFD, and the line breaks of Unicode
 * (U+2028, U+2029) become "\n".  A TAB becomes one space, or, where
 * `column` is given, the spaces to the next of the stops, eight columns
 * apart; `column` is then where the line stands.
 */
void wrap_clean(struct buf *out, struct str *raw, size_t *column);

/* The columns that clean text fills. */
size_t wrap_columns(struct str text);

struct wrap_piece {
	struct str text; /* what stands on the line */
	size_t taken; /* bytes of the text that are done with */
};

/*
 * The first line of clean `text`, at most `columns` wide, which are two to
 * WRAP_PIECE.  It ends at the end of the text, at a "\n", or as late as the
 * line breaking algorithm (UAX #14) allows, its last spaces dropped; within a
 * word when that alone is wider, but not within a grapheme.  `text` has
 * WRAP_WINDOW bytes, or it is all there is.
 */
struct wrap_piece wrap_next(struct str text, size_t columns);

/*
 * As wrap_next, but cut where the columns end, and with its spaces.
 */
struct wrap_piece wrap_cut(struct str text, size_t columns);

#endif
