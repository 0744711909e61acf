#ifndef MIRROR_SYNC_H
#define MIRROR_SYNC_H

#include "mirror/mirror.h"
#include "text/attribute.h"

/*
 * Brings the folder to what the server's manifest says.  Returns 1 when that
 * was done, as far as the report says; 0 when the server has no manifest,
 * and nothing was done; -1 with origin.error set.
 */
MUST_USE int sync_run(struct mirror *mirror);

#endif
