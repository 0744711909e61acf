#ifndef SYS_CERTMAKE_H
#define SYS_CERTMAKE_H

#include <stddef.h>

#include "sys/certfiles.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Locks the directory until files->fd is closed, so that no other process
 * creates a pair there. Waits for the lock for at most ten seconds. Returns at
 * once on a file system without flock(2).
 */
void certmake_lock(const struct certfiles *files);

/*
 * Creates both files, as cert_load describes, and syncs them to the disk.
 * Neither replaces an existing file, even one that is created meanwhile.
 * Returns -1 with one line in files->error, and leaves neither file, unless
 * only the sync of the directory failed: then both remain for the next start.
 */
MUST_USE int
certmake_pair(struct certfiles *files, const struct str *names, size_t count);

#endif
