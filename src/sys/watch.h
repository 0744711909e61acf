#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"

/*
 * Notifications about changes in directories of several trees, each of which
 * has a number.
 */
struct watch;

/* A change that may be in any tree. */
#define WATCH_ANY SIZE_MAX

/* Returns NULL with errno set if the system has no such notifications. */
MUST_USE struct watch *watch_open(void);
void watch_close(struct watch *watch);

/* The descriptor that is readable when notifications are waiting. */
int watch_fd(const struct watch *watch);

/*
 * Watches a directory of a tree, "." or a path with a final slash, relative to
 * the tree's root, which is the working directory; it may be watched already.
 * Returns -1 with errno set: ENOSPC when too many directories are watched, or
 * ENOMEM. A directory that no longer exists is no failure.
 */
MUST_USE int watch_add(struct watch *watch, size_t tree, const char *directory);

/* Takes the path of a change; see watch_read. */
typedef void watch_changed(void *context, size_t tree, const char *path);

/*
 * Reads all waiting notifications; returns whether there were any. Calls
 * `changed` with the path, relative to the tree's root, of each file or
 * directory that was created, removed or modified; NULL means that anything may
 * have changed. A directory of two trees is reported for both.
 */
bool watch_read(struct watch *watch, watch_changed *changed, void *context);

#endif
