#ifndef TOOL_RESTORE_H
#define TOOL_RESTORE_H

#include "text/attribute.h"
#include "tool/mirroring.h"

/*
 * Brings back the files that the newest run of a walk has replaced or removed;
 * what they replace in turn is kept in the same place, so that a second call
 * takes the first one back.  A call that was killed is gone on with by the
 * next one.  The folder is open in mirroring->copy, and nothing is fetched.
 * Returns -1 with origin.error set when it could not begin or end; else 0, as
 * far as the report says.
 */
MUST_USE int restore_run(struct mirroring *mirroring);

#endif
