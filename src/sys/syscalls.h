#ifndef SYS_SYSCALLS_H
#define SYS_SYSCALLS_H

#include <stdbool.h>

#include "sys/jail.h"
#include "text/attribute.h"

/*
 * Whether system calls can be filtered here: the kernel filters them, and this
 * machine's can be told apart.
 */
bool syscalls_available(void);

/*
 * Whether the calls of `machine`, a name that libseccomp knows, can be told
 * apart.  Where the C library makes those of sockets by one call, socketcall,
 * they cannot: a filter does not see what that call points to.
 */
bool syscalls_machine_is_filtered(const char *machine);

/* A call has to pass all of them. */
enum syscalls_filter {
	SYSCALLS_OF_ROLE, /* allows what the role needs */
	SYSCALLS_OF_ALL, /* refuses what would harm other processes */
};
#define SYSCALLS_FILTERS 2

/*
 * Restricts this process to the system calls that its role needs, and these to
 * what leaves the standard descriptors as they are.  At any other call the
 * kernel kills the process with SIGSYS and logs the number; with `only_log` the
 * kernel logs the number and allows the call.  Returns -1 with errno set.
 */
MUST_USE int syscalls_enter(enum jail_role role, bool only_log);

/*
 * Writes the program that the kernel would be given on `machine`, a name that
 * libseccomp knows, for `role`, to `fd`: struct sock_filter by struct
 * sock_filter.  Returns -1 with errno set.
 */
MUST_USE int syscalls_export(const char *machine, enum jail_role role,
    enum syscalls_filter filter, int fd);

#endif
