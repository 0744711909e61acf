#ifndef SYS_READABLE_H
#define SYS_READABLE_H

#include "text/attribute.h"

/*
 * Whether this process may access `name` in the directory `directory` with
 * `mode` (R_OK, X_OK); links are followed.  Returns 0, or -1 with errno set:
 * EACCES when it may not, another error when the check failed.
 */
MUST_USE int readable_at(int directory, const char *name, int mode);

#endif
