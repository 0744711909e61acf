#ifndef SYS_SYSTEM_H
#define SYS_SYSTEM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/jail_role.h"
#include "text/attribute.h"

/*
 * Functions that differ between systems: system_linux.c, or system_bsd.c with
 * system_openbsd.c or system_freebsd.c.
 */

/* The names of the mechanisms that confine a process, for the log. */
struct system_walls {
	char files[24]; /* hides files; empty: none */
	const char *calls; /* restricts system calls, or "none" */
	const char *only_log; /* the same in JAIL_LOG */
};

struct system_walls system_walls(void);

/*
 * Empties the capability bounding set; call it while the process is root.
 * Without the right to do so the set stays, and system_enter blocks its use.
 * Returns -1 with errno set.
 */
MUST_USE int system_drop_bounding(void);

/*
 * Protects this process's memory from other processes of its user and from core
 * dumps, until the process changes its user.
 */
void system_hide_memory(void);

/*
 * Gives up for good all capabilities and the ways to new privileges. Unless the
 * mode says less, also all files except those beneath the directories, and all
 * system calls except those of the role. Skips restrictions that the system
 * lacks. Returns -1 with errno set; the process must then exit.
 */
MUST_USE int
system_enter(enum jail_mode mode, const struct jail_access *access);

/*
 * Whether the system distributes connections among the sockets that listen on
 * one port. If not, the processes share one socket.
 */
bool system_spreads_connections(void);

/*
 * Whether the other end of a local socket is closed and no message is left to
 * be received, as far as that can be told from a message without bytes.
 */
bool system_is_at_end(int fd);

/*
 * Makes a listening socket refuse new connections from now on, but keep the
 * existing ones.  Does nothing where the system cannot do that.
 */
void system_refuse_new(int fd);

/*
 * Whether connections to one of these ports have sent nothing, and are deferred
 * by TCP_DEFER_ACCEPT; false if unknown.
 */
bool system_has_deferred(const uint16_t *ports, size_t count);

/* The number of sent bytes that the peer has not acknowledged; 0 if unknown. */
size_t system_unsent(int fd);

/*
 * Sends up to `most` bytes of the file `fd` from its position, without copying
 * them through this process, and advances the position. Returns the number
 * sent, 0 at the end of the file, or -1 with errno set; ENOSYS or EINVAL if not
 * supported.
 */
MUST_USE ssize_t system_send_file(int socket, int fd, size_t most);

/*
 * Writes everything to the disk that was written to the file system of `fd`.
 * Returns -1 with errno set; ENOSYS if not supported.
 */
MUST_USE int system_sync(int fd);

/* The number of CPUs that this process may use, at least 1. */
unsigned system_cpus(void);

/* Closes every descriptor from `first` on. */
void system_close_from(int first);

/*
 * Executes this process's own program, as it was when this process began, even
 * if the file was replaced. Returns only on failure, with -1 and errno set;
 * ENOSYS if not supported.
 */
int system_execute_itself(char **arguments);

/*
 * Whether the file of this process's program was replaced since the process
 * began, as by an update: by a file of root or of the old file's owner. `path`
 * then gets its path, of the new file.
 */
bool system_program_is_replaced(char path[PATH_MAX]);

/*
 * Whether system_execute_itself works. If not, errno is the reason, or is
 * unchanged if this system has no such call.
 */
bool system_executes_itself(void);

/*
 * system_sealable_file makes a file in memory. Once system_seal has sealed it,
 * it can only be read, from its start, by each process that has the descriptor.
 * Both return -1 with errno set; ENOSYS if not supported.
 */
MUST_USE int system_sealable_file(void);
MUST_USE int system_seal(int fd);

/*
 * Forks a child process, without handlers of pthread_atfork(3). `handle`
 * becomes a descriptor of the child for system_kill_child, or -1 if there is
 * none. Returns -1 with errno set.
 */
pid_t system_fork(int *handle);

/*
 * Kills a child of this process; a process in its sandbox can kill no other.
 * Does nothing where the system lacks a way.
 */
void system_kill_child(pid_t child, int handle);

/*
 * Prepares system_set_title, in the memory of the arguments and the environment
 * of main. Returns the arguments to use from then on. Call it once, before
 * anything keeps a pointer to either. Without memory there are no titles, and
 * it returns `argv`.
 */
char **system_make_title(char **argv);

/*
 * Sets the title of this process for ps(1), "capsuled: ROLE". On Linux its
 * short name becomes "capsuled-" and the first word of the role, of which the
 * system shows 15 bytes; it stays "capsuled" for the role "master".
 */
void system_set_title(const char *role);

/* Returns freed memory to the system. */
void system_trim(void);

/*
 * Keeps up to a MiB of freed memory for reuse instead of returning it to the
 * system at once. For work that allocates the same memory again.
 */
void system_keep_memory(void);

#endif
