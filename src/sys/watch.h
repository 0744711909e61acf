#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include <stdbool.h>

#include "text/attribute.h"

/* News of changes in directories. */
struct watch;

/* Returns NULL with errno set where the system has no such news. */
MUST_USE struct watch *watch_open(void);
void watch_close(struct watch *watch);

/* The descriptor that is readable when there are news. */
int watch_fd(const struct watch *watch);

/*
 * Asks for news of a directory, "." or a path with a final slash, found from
 * the working directory; again if it was asked for before.  Returns -1 with
 * errno set: ENOSPC when there are too many, ENOMEM.  A directory that has
 * gone is no failure.
 */
MUST_USE int watch_add(struct watch *watch, const char *directory);

/*
 * Takes all news that came; whether there were any.  Calls `changed` with the
 * path, from the working directory, of each file or directory that came, went
 * or is another; NULL: anything may have changed.
 */
bool watch_read(struct watch *watch,
    void (*changed)(void *context, const char *path), void *context);

#endif
