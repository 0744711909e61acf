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
	bool network; /* TCP bind and connect are free */
	bool writes; /* also to create, write and remove files there */
	/* To create, write and remove files and directories beneath them. */
	const int *writable;
	size_t writable_count;
};

/*
 * Restricts this process and its children to that access, and forbids access to
 * all other files. As far as the kernel supports it, also forbids TCP bind and
 * connect, and signals and abstract sockets to other processes. Open
 * descriptors stay usable. Needs no_new_privs. Returns -1 with errno set;
 * ENOSYS or EOPNOTSUPP when the kernel has no Landlock.
 */
MUST_USE int landlock_enter(const struct landlock_files *files);

/* The ways to access all files beneath a path. */
enum landlock_way {
	LANDLOCK_READ,
	LANDLOCK_RUN, /* read and execute */
	LANDLOCK_WRITE, /* read, write, make and remove files and folders */
};

/* Absolute; one that does not exist, or is out of reach, is skipped. */
struct landlock_path {
	const char *path;
	enum landlock_way way;
};

/* Paths, the last of which has the path NULL. */
struct landlock_paths {
	const struct landlock_path *all;
	bool network; /* TCP bind and connect, and abstract sockets, are free */
};

/*
 * As landlock_enter, for several arrays of paths, which later children may
 * restrict further.
 */
MUST_USE int
landlock_enter_paths(const struct landlock_paths *arrays, size_t count);

#endif
