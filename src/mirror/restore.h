#ifndef MIRROR_RESTORE_H
#define MIRROR_RESTORE_H

#include "mirror/mirror.h"
#include "text/attribute.h"

/*
 * Restores the files that the newest run of a crawl replaced or removed.  The
 * files that they replace are kept in the same place, so that a second call
 * undoes the first.  If a call was killed, the next one continues it.  The
 * folder is open in mirror->replica, and nothing is fetched.  Returns -1 with
 * origin.error set when it could not begin or end; otherwise 0, with the
 * failures of single files in the report.
 */
MUST_USE int restore_run(struct mirror *mirror);

#endif
