#ifndef SYS_CERTMAKE_H
#define SYS_CERTMAKE_H

#include <stddef.h>

#include "sys/certfiles.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Waits until no other process makes a pair in this directory, at most ten
 * seconds, and keeps others from it until files->fd is closed.  On a file
 * system without flock(2) it returns at once.
 */
void certmake_lock(const struct certfiles *files);

/*
 * Makes both files, as cert_load describes, on the disk when this returns.
 * Neither replaces a file, whatever happens at the same time.  Returns -1
 * with one line in files->error, and then neither was made.
 */
MUST_USE int
certmake_pair(struct certfiles *files, const struct str *names, size_t count);

#endif
