#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text/attribute.h"

/* Whom a process becomes before it meets a client. */
struct jail {
	bool changes; /* false: it stays who it is */
	uid_t user;
	gid_t group;
	char name[64];
};

/*
 * Finds the user `name`; empty means, for root, the first there is of
 * _capsuled, capsuled and nobody, and for anybody else no change.  Returns
 * -1 with one line in `error` when there is no such user, it is root, or we
 * may not become it.
 */
MUST_USE int
jail_init(struct jail *jail, const char *name, char *error, size_t error_size);

/*
 * Gives up every privilege for good: the user, its group alone, and no way
 * to new ones.  Returns -1 with errno set, and the process must end.
 */
MUST_USE int jail_enter(const struct jail *jail);

#endif
