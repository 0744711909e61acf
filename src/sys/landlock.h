#ifndef SYS_LANDLOCK_H
#define SYS_LANDLOCK_H

#include <stdbool.h>

#include "text/attribute.h"

/*
 * What the kernel's Landlock can do: the version of its interface, or 0 when
 * there is none.
 */
int landlock_version(void);

/* Which files a process keeps; directories are borrowed, -1: none. */
struct landlock_files {
	int root; /* all beneath it, to be read */
	int state; /* the files in it, to be read, */
	bool writes; /* and to be made, written and removed */
};

/*
 * From now on this process, and what it starts, can do with those files what
 * stands there, and nothing else with any file; nor bind or connect, nor signal or reach others, as far as the kernel knows how.
 * Descriptors that are open stay as they are.  Needs no_new_privs.  Returns -1
 * with errno set; ENOSYS or EOPNOTSUPP when the kernel has no Landlock.
 */
MUST_USE int landlock_enter(const struct landlock_files *files);

#endif
