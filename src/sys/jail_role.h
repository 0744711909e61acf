#ifndef SYS_JAIL_ROLE_H
#define SYS_JAIL_ROLE_H

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
	JAIL_KEYS,
};

#endif
