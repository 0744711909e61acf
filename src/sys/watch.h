#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include <stdbool.h>

#include "text/attribute.h"

/*
 * News of changes in directories.  Opens what they come through; -1 with
 * errno set where the system has nothing of the kind.
 */
MUST_USE int watch_open(void);

/*
 * Asks for news of a directory, found from the working directory, again if
 * it was asked for before.  Returns -1 with errno set: ENOSPC when there are
 * too many.  One that has gone is no failure.
 */
MUST_USE int watch_add(int watch, const char *directory);

/* Takes all news that came; whether there were any. */
bool watch_read(int watch);

#endif
