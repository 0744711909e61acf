#ifndef TOOL_INVISIBLE_H
#define TOOL_INVISIBLE_H

#include <stdbool.h>

#include "text/buf.h"
#include "text/str.h"

/*
 * Finds the first character of `text` that a reader cannot see, other than
 * ASCII's spaces and controls: a space of another kind, or a mark without
 * width.  Writes its name to `out`, which has room for INVISIBLE_ROOM bytes:
 * "U+00A0 NO-BREAK SPACE".  Returns false when there is none.
 */
#define INVISIBLE_ROOM 300
bool invisible_find(struct str text, struct buf *out);

/* Removes such characters from the start of `text`. */
struct str invisible_trim_start(struct str text);

#endif
