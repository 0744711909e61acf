#ifndef TOOL_RESTORE_H
#define TOOL_RESTORE_H

#include "text/attribute.h"
#include "tool/mirroring.h"

/*
 * Brings back the files that the newest run of a walk has replaced or removed;
 * the files that they replace are kept in the same place, so that a second
 * call takes the first one back.  The next call continues one that was
 * killed.  The folder is open in mirroring->copy, and nothing is fetched.
 * Returns -1 with origin.error set when it could not begin or end; else 0, as
 * far as the report says.
 */
MUST_USE int restore_run(struct mirroring *mirroring);

#endif
