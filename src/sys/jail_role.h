#ifndef SYS_JAIL_ROLE_H
#define SYS_JAIL_ROLE_H

#include <stddef.h>

/* How strictly a process is confined. */
enum jail_mode {
	JAIL_ON,
	JAIL_LOG, /* system calls are logged by the kernel, not refused */
	JAIL_OFF, /* only the user changes */
};

/* The role of a process, which decides its allowed system calls. */
enum jail_role {
	JAIL_WORKER,
	JAIL_INDEXER,
	JAIL_ANSWERS,
	JAIL_WRITER,
	JAIL_KEYS,
	JAIL_CONNECTOR, /* the runner without CGI scripts: connects locally */
	JAIL_UNPACKER, /* reads and writes open descriptors, opens none */
};

/* The directories that a process may read, with all beneath them; borrowed. */
struct jail_roots {
	const int *all;
	size_t count;
	int top; /* for chroot: above all of them, or the only one */
};

/* The access that a process keeps. Descriptors are borrowed; -1 means none. */
struct jail_access {
	enum jail_role role;
	const struct jail_roots *roots; /* NULL: none */
	int state; /* directory of the index, for writing by the indexer only */
	/* A worker passes descriptors over these sockets only; -1: none. */
	const int *lines;
	size_t line_count;
	/* Where the writer may make, write and remove files and folders. */
	const int *writable;
	size_t writable_count;
};

#endif
