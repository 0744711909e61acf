#ifndef TEXT_SLUG_H
#define TEXT_SLUG_H

#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

#define SLUG_MAX ((size_t)40)
#define SLUG_ROOM (20 * SLUG_MAX) /* for `out` of slug_make */

/*
 * Writes the words of `text`, UTF-8, to the empty `out`, as the name of a file:
 * at most SLUG_MAX bytes of a-z, 0-9 and "-".  A longer text is cut after a
 * word.  `out` stays empty for a text without such letters.  Returns -1 without
 * memory.
 */
MUST_USE int slug_make(struct buf *out, struct str text);

#endif
