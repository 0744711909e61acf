#ifndef SYS_SCRIPTJAIL_H
#define SYS_SCRIPTJAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/jail.h"
#include "text/attribute.h"
#include "text/buf.h"

/*
 * Confines CGI scripts, and the process `runner` that starts them as another
 * user. Linux only.
 */

/* The files and the network of the scripts of one program; borrowed. */
struct scriptjail_access {
	const char *directory; /* to read and execute; NULL: none */
	/* Directories, with NULL at the end; NULL: none. */
	const char *const *reads, *const *writes;
	bool network;
};

/* The user and the limits of all scripts. */
struct scriptjail {
	enum jail_mode mode;
	uid_t user;
	gid_t group;
	size_t memory; /* bytes of address space for a process */
	unsigned processes; /* of all scripts together */
	/*
	 * The process groups of running scripts, 0: none, in memory that all
	 * runners of a generation share; NULL: not known.
	 */
	pid_t *groups;
	size_t group_count;
};

/* Whether this system can confine scripts. */
bool scriptjail_is_supported(void);

/*
 * Sets mode, user and group for scripts of the user `name`; `jail` is that of
 * the server. Returns -1 with one line in `error` when this process is not
 * root, when there is no such user, or when it is root or the server's user.
 */
MUST_USE int scriptjail_init(struct scriptjail *scripts,
    const struct jail *jail, const char *name, struct buf *error);

/* Makes room for `count` groups; -1 with errno set. */
MUST_USE int scriptjail_share_groups(struct scriptjail *scripts, size_t count);
void scriptjail_release(struct scriptjail *scripts);

/* Replaces a group in that memory by another one; 0: none. */
void
scriptjail_set_group(const struct scriptjail *scripts, pid_t from, pid_t to);

/* As root: kills the scripts that a runner left when it died, as their user. */
void scriptjail_end_groups(const struct scriptjail *scripts);

/*
 * Confines the runner for good: it becomes the server's user and keeps only the
 * capabilities to become the scripts' user and to end its processes. It sees
 * only files to which `all` gives access. Orphaned descendants become its
 * children. -1 with errno set; the process must then exit.
 */
MUST_USE int scriptjail_enter_runner(const struct scriptjail *scripts,
    const struct jail *jail, const struct scriptjail_access *all, size_t count);

/*
 * In a child of the runner (process ID `parent`): sets limits, becomes
 * the scripts' user without any capability, and confines itself to that access.
 * Then no descendant can leave the process group. -1 with errno set; the
 * process must then exit.
 */
MUST_USE int scriptjail_enter(const struct scriptjail *scripts,
    const struct scriptjail_access *access, pid_t parent);

#endif
