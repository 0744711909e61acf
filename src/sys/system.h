#ifndef SYS_SYSTEM_H
#define SYS_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/jail.h"
#include "text/attribute.h"

/*
 * What each system does in its own way.  One file is compiled: system_linux.c,
 * system_openbsd.c or system_freebsd.c.
 */

/* What keeps a process in, beside its user; names for the log. */
struct system_walls {
	char files[24]; /* what hides files; empty: nothing does */
	const char *calls; /* what holds it to system calls, or "none" */
	const char *only_log; /* the same in JAIL_LOG */
};

struct system_walls system_walls(void);

/*
 * Empties the set of capabilities that the process could ever get, where it
 * may: while it still is root.  Without that right the set stays, and
 * system_enter leaves no way to use it.  Returns -1 with errno set.
 */
MUST_USE int system_drop_bounding(void);

/*
 * Keeps this process's memory from other processes of its user, and from the
 * dump of a crash.  It is in force until the process becomes another user.
 */
void system_hide_memory(void);

/* What a process keeps; the directories are borrowed, -1: none. */
struct system_room {
	enum jail_mode mode;
	enum jail_role role;
	int root; /* read */
	int state; /* read, and written by the indexer */
};

/*
 * For good: no capabilities, no way to new privileges, and, unless the mode
 * says less, no file but those beneath those directories, and no system calls
 * but those of its role.  What the system lacks is passed over.
 * Returns -1 with errno set, and the process must end.
 */
MUST_USE int system_enter(const struct system_room *room);

/*
 * Whether the system spreads connections among the sockets that listen on
 * one port.  Where it does not, they share one.
 */
bool system_spreads_connections(void);

/*
 * How many bytes of a socket's the peer has not acknowledged; 0 where that
 * cannot be told.
 */
size_t system_unsent(int fd);

/*
 * Sends up to `most` bytes of the file `fd`, from its position on, which is
 * moved, without a copy through this process.  Returns how many, 0 at its
 * end, or -1 with errno set; ENOSYS or EINVAL where that cannot be done.
 */
MUST_USE ssize_t system_send_file(int socket, int fd, size_t most);

/* How many CPUs this process may use, at least 1. */
size_t system_cpus(void);

/* Closes every descriptor from `first` on. */
void system_close_from(int first);

/*
 * Executes the program that this process runs, as it was when this process
 * began, even if another file has its name by now.  Returns only if it cannot,
 * with -1 and errno set; ENOSYS where the system cannot tell the program.
 */
int system_execute_itself(char **arguments);

/* Whether it can. */
bool system_executes_itself(void);

/*
 * A file in memory that is written first and then sealed: from then on it can
 * only be read, by each process that has it, from its start. Each returns -1
 * with errno set; ENOSYS where there is none of the kind.
 */
MUST_USE int system_sealable_file(void);
MUST_USE int system_seal(int fd);

/* Tells the system's list of processes what this one is. */
void system_set_name(const char *name);

/* Gives memory back that was freed. */
void system_trim(void);

/*
 * From now on memory that is freed stays at hand, up to a MiB, where the
 * system would take it back at once: for work that asks for it again.
 */
void system_keep_memory(void);

#endif
