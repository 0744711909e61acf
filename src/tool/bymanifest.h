#ifndef TOOL_BYMANIFEST_H
#define TOOL_BYMANIFEST_H

#include "text/attribute.h"
#include "tool/mirroring.h"

/*
 * Brings the folder to what the server's manifest says.  Returns 1 when that
 * was done, as far as the report says; 0 when the server has no manifest,
 * and nothing was done; -1 with origin.error set.
 */
MUST_USE int bymanifest_run(struct mirroring *mirroring);

#endif
