#ifndef TOOL_ITEMTYPE_H
#define TOOL_ITEMTYPE_H

#include "text/site.h"
#include "text/status.h"
#include "text/str.h"

/*
 * The item type to be written instead of `type` for an item with this answer: a
 * status and, for a success, a MIME type.  NUL: `type` fits the answer, or is
 * one that capsuled does not know.
 */
char itemtype_instead(
    const struct site *site, char type, enum status status, struct str mime);

#endif
