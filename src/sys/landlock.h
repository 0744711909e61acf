#ifndef SYS_LANDLOCK_H
#define SYS_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"

/* The version of the kernel's Landlock interface, or 0 without Landlock. */
int landlock_version(void);

/* The files that stay accessible. Directories are borrowed; -1 means none. */
struct landlock_files {
	const int *roots; /* all files beneath them, for reading */
	size_t root_count;
	int state; /* the files in it, for reading */
	bool writes; /* also to create, write and remove files there */
};

/*
 * Restricts this process and its children to that access, and forbids access to
 * all other files. As far as the kernel supports it, also forbids TCP bind and
 * connect, and signals and abstract sockets to other processes. Open
 * descriptors stay usable. Needs no_new_privs. Returns -1 with errno set;
 * ENOSYS or EOPNOTSUPP when the kernel has no Landlock.
 */
MUST_USE int landlock_enter(const struct landlock_files *files);

#endif
