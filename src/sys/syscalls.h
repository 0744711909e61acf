#ifndef SYS_SYSCALLS_H
#define SYS_SYSCALLS_H

#include <stdbool.h>

#include "text/attribute.h"

/*
 * From now on this process can make the system calls that serving needs, and
 * no others: any other one ends it, with a line in the log that names the
 * number, or, with `only_log`, is left to the kernel's audit log.  Returns
 * -1 with errno set; ENOSYS when the kernel has no filters.
 */
MUST_USE int syscalls_enter(bool only_log);

#endif
