#ifndef MIRROR_SYNC_H
#define MIRROR_SYNC_H

#include "mirror/mirror.h"
#include "text/attribute.h"

/*
 * Makes the folder as the server's manifest lists it.  Returns 1 when done,
 * with the failures of single files in the report; 0 when the server has no
 * manifest, and nothing was done; -1 with origin.error set.
 */
MUST_USE int sync_run(struct mirror *mirror);

#endif
