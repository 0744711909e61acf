#ifndef SYS_LANDLOCK_H
#define SYS_LANDLOCK_H

#include "text/attribute.h"

/*
 * What the kernel's Landlock can do: the version of its interface, or 0 when
 * there is none.
 */
int landlock_version(void);

/*
 * From now on this process, and what it starts, can read beneath the
 * directory `root` (-1: nowhere) and do nothing else with any file; nor bind or
 * connect, nor signal or reach others, as far as the kernel knows how.
 * Descriptors that are open stay as they are.  Needs no_new_privs.  Returns -1
 * with errno set; ENOSYS or EOPNOTSUPP when the kernel has no Landlock.
 */
MUST_USE int landlock_enter(int root);

#endif
