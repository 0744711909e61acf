#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include <stdbool.h>

#include "text/attribute.h"

/* Notifications about changes in directories. */
struct watch;

/* Returns NULL with errno set if the system has no such notifications. */
MUST_USE struct watch *watch_open(void);
void watch_close(struct watch *watch);

/* The descriptor that is readable when notifications are waiting. */
int watch_fd(const struct watch *watch);

/*
 * Watches a directory, "." or a path with a final slash, relative to the
 * working directory; it may be watched already. Returns -1 with errno set:
 * ENOSPC when too many directories are watched, or ENOMEM. A directory that no
 * longer exists is no failure.
 */
MUST_USE int watch_add(struct watch *watch, const char *directory);

/*
 * Reads all waiting notifications; returns whether there were any. Calls
 * `changed` with the path, relative to the working directory, of each file or
 * directory that was created, removed or modified; NULL means that anything may
 * have changed.
 */
bool watch_read(struct watch *watch,
    void (*changed)(void *context, const char *path), void *context);

#endif
