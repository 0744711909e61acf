#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/jail_role.h"
#include "text/attribute.h"

/* The restrictions that a process enters before it serves clients. */
struct jail {
	enum jail_mode mode;
	bool changes; /* false: the user stays the same */
	bool chroots; /* started as root, which can chroot: see jail_try */
	bool lacks_chroot; /* root cannot chroot */
	bool lacks_top; /* the roots have no directory in common but / */
	uid_t user;
	gid_t group;
	char name[64];
};

/*
 * Prepares a jail for the user `name`. An empty name means, for root, the first
 * existing user of _capsuled, capsuled and nobody, and for other users no
 * change. Returns -1 with one line in `error` when the user does not exist, is
 * root, or this process cannot become that user.
 */
MUST_USE int jail_init(struct jail *jail, enum jail_mode mode, const char *name,
    char *error, size_t error_size);

/* Calls `say` with a warning for each missing restriction. */
void jail_warn(const struct jail *jail, void (*say)(const char *text));

/* Logs these warnings, and an info line with the active restrictions. */
void jail_log(const struct jail *jail);

/* The reason that a worker could not serve. */
enum jail_fault {
	JAIL_FINE,
	JAIL_NO_USER, /* cannot become the user */
	JAIL_NO_WALLS, /* the system refuses a restriction */
	JAIL_UNREADABLE, /* the user may not read a root */
};

/*
 * Tests in a child process whether a worker can enter the jail and read the
 * directories `roots` from there. Sets errno with a fault, and with
 * JAIL_UNREADABLE also `which` to the index of the directory. Returns JAIL_FINE
 * when no child can be started. If root cannot chroot but Landlock hides the
 * files, the jail does without chroot from then on.
 */
MUST_USE enum jail_fault
jail_try(struct jail *jail, const struct jail_roots *roots, size_t *which);

/*
 * Gives up every privilege for good: becomes the user with its group alone, and
 * prevents new privileges. Then hides all files except those beneath the
 * directories, and forbids all system calls except those of the role. A worker
 * cannot close access->lines any more. Returns -1 with errno set; the process
 * must then exit.
 */
MUST_USE int
jail_enter(const struct jail *jail, const struct jail_access *access);

#endif
