#ifndef SYS_SYSCALLS_H
#define SYS_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/jail_role.h"
#include "text/attribute.h"

/*
 * Whether system calls can be filtered: the kernel supports filters, and this
 * machine has separate socket calls.
 */
bool syscalls_available(void);

/*
 * Whether the calls of `machine`, an architecture name of libseccomp, can be
 * filtered. They cannot where the C library makes all socket calls through
 * socketcall: a filter cannot read the arguments that a pointer leads to.
 */
bool syscalls_machine_is_filtered(const char *machine);

/* The arguments with which a call is refused. */
enum syscalls_test {
	SYSCALLS_ALWAYS,
	SYSCALLS_EQUALS, /* in the low 32 bits */
	SYSCALLS_DIFFERS,
	SYSCALLS_HAS, /* has all bits of the value */
	SYSCALLS_EXCEEDS,
};

struct syscalls_refusal {
	const char *name; /* of a call, which a machine may lack */
	int error;
	enum syscalls_test test;
	unsigned argument; /* from 0 */
	uint64_t value;
};

/*
 * Makes these calls fail with their errors, in this process, its children and
 * the programs that they execute; `only_log` is as for syscalls_enter. For a
 * process that executes programs with unknown calls. -1 with errno set.
 */
MUST_USE int syscalls_refuse(
    const struct syscalls_refusal *all, size_t count, bool only_log);

/* A call must pass both filters. */
enum syscalls_filter {
	SYSCALLS_OF_ROLE, /* allows the calls of the role */
	SYSCALLS_OF_ALL, /* refuses calls that would harm other processes */
};
#define SYSCALLS_FILTERS 2

/*
 * Restricts this process to the system calls that its access needs, and
 * protects the standard descriptors from changes. At any other call the kernel
 * kills the process with SIGSYS and logs the number; with `only_log` it logs
 * the number and allows the call. Returns -1 with errno set.
 */
MUST_USE int syscalls_enter(const struct jail_access *access, bool only_log);

/*
 * Writes the filter program for `access` on `machine`, an architecture name of
 * libseccomp, to `fd`, as an array of struct sock_filter. Returns -1 with errno
 * set.
 */
MUST_USE int syscalls_export(const char *machine,
    const struct jail_access *access, enum syscalls_filter filter, int fd);

#endif
