#ifndef SYS_READABLE_H
#define SYS_READABLE_H

#include "text/attribute.h"

/*
 * Whether this process may use `name` in the directory `directory` as `mode`
 * (R_OK, X_OK) says; links are followed.  Returns 0, or -1 with errno set:
 * EACCES when it may not, anything else when that cannot be told.
 */
MUST_USE int readable_at(int directory, const char *name, int mode);

#endif
