#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text/attribute.h"

/* How narrow a process is kept. */
enum jail_mode {
	JAIL_ON,
	JAIL_LOG, /* system calls are logged by the kernel, not refused */
	JAIL_OFF, /* another user, and nothing more */
};

/* What a process is for, and so which system calls it makes. */
enum jail_role {
	JAIL_WORKER,
	JAIL_INDEXER,
	JAIL_ANSWERS,
	JAIL_KEYS,
};

/* What a process becomes before it meets a client. */
struct jail {
	enum jail_mode mode;
	bool changes; /* false: it stays who it is */
	bool chroots; /* started as root, which may: see jail_try */
	bool lacks_chroot; /* root may not */
	uid_t user;
	gid_t group;
	char name[64];
};

/*
 * Prepares a jail.  Finds the user `name`; empty means, for root, the first
 * there is of _capsuled, capsuled and nobody, and for anybody else no change.
 * Returns -1 with one line in `error` when there is no such user, it is root,
 * or we may not become it.
 */
MUST_USE int jail_init(struct jail *jail, enum jail_mode mode, const char *name,
    char *error, size_t error_size);

/* Calls `say` with a warning for each wall that is missing. */
void jail_warn(const struct jail *jail, void (*say)(const char *text));

/* Logs these warnings, and one line of info with the walls there are. */
void jail_log(const struct jail *jail);

/* Why a worker could not serve. */
enum jail_fault {
	JAIL_FINE,
	JAIL_NO_USER, /* cannot become the user */
	JAIL_NO_WALLS, /* the system refuses a wall */
	JAIL_UNREADABLE, /* the user may not read the root */
};

/*
 * Tries, in a child process, whether a worker could enter the jail and read
 * the directory `root` from there.  Sets errno with a fault.  Returns
 * JAIL_FINE when no child can be started.  Where root may not chroot and
 * Landlock hides the files, the jail is from then on one without a chroot.
 */
MUST_USE enum jail_fault jail_try(struct jail *jail, int root);

/*
 * Gives up every privilege for good: the user, its group alone, and no way
 * to new ones; then all files but those beneath the directory `root` (-1:
 * all of them), and all system calls but those of its role.  Returns -1 with
 * errno set, and the process must end.
 */
MUST_USE int jail_enter(const struct jail *jail, int root, enum jail_role role);

/*
 * The same for a process that also has the files in the directory `state`: the
 * indexer makes and writes them, others read them.
 */
MUST_USE int jail_enter_with_state(
    const struct jail *jail, int root, int state, enum jail_role role);

#endif
