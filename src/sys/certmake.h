#ifndef SYS_CERTMAKE_H
#define SYS_CERTMAKE_H

#include <stddef.h>

#include "sys/certfiles.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Waits, at most ten seconds, while another process makes a pair in this
 * directory, and locks others out until files->fd is closed.  Returns at once
 * on a file system without flock(2).
 */
void certmake_lock(const struct certfiles *files);

/*
 * Makes both files, as cert_load describes, and syncs them to the disk.
 * Neither replaces a file, even one that is made at the same time.  On failure
 * returns -1 with one line in files->error, and neither file is left, unless
 * only the sync of the directory failed: then both are, for the next start.
 */
MUST_USE int
certmake_pair(struct certfiles *files, const struct str *names, size_t count);

#endif
