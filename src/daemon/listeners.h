#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "daemon/worker.h"
#include "text/attribute.h"
#include "text/buf.h"

struct listeners_address {
	struct net_address asked, bound;
	/*
	 * The protocol of a socket that a service manager opened; NULL: our
	 * own. All `sockets` are then duplicates of it.
	 */
	const struct protocol *activated;
	struct conn_kind kind;
	int sockets[CONFIG_WORKERS_MAX]; /* listeners.sockets_each of them */
};

/*
 * The master's listening sockets: on each address one for every worker slot, so
 * that a worker's waiting clients go to its successor.
 */
struct listeners {
	struct listeners_address *addresses;
	size_t count;
	size_t sockets_each;
};

/*
 * Opens the configured listeners, sharing those that `old` (NULL: none) already
 * has. Fills in the bound ports where none was configured. Returns -1 with one
 * line in `error`; `old` keeps its sockets.
 */
MUST_USE int listeners_open(struct listeners *listeners, struct config *config,
    const struct listeners *old, char *error, size_t error_size);

/* Closes the sockets that are not in `kept` (NULL: none); frees the rest. */
void listeners_close(struct listeners *listeners, const struct listeners *kept);

/*
 * Reopens sockets that no longer listen: a process that shares a socket can
 * shut it down. A service manager's socket listens again. Logs failures. Resets
 * SO_LINGER on the others, which such a process can set.
 */
void listeners_mend(const struct listeners *listeners);

/*
 * For a program that this process executes: describes the sockets as words with
 * the name "listeners", or of a protocol for those of a service manager, and
 * makes them inheritable or not.
 */
void listeners_describe(const struct listeners *listeners, struct buf *out);
void listeners_inherit(const struct listeners *listeners, bool inherit);

/*
 * In that program: takes the sockets that such a word describes. Reopens
 * sockets that do not listen on the described address, and drops those that
 * cannot be reopened.
 */
void listeners_adopt(struct listeners *listeners, struct str word,
    const struct protocol *activated);

/*
 * The sockets of worker `slot` of `workers`, in memory from malloc, and their
 * number; NULL without memory.
 */
MUST_USE struct worker_socket *
listeners_of_worker(const struct listeners *listeners, size_t slot,
    size_t workers, size_t *count);

/* In a worker: closes the sockets of other workers. */
void listeners_close_others(
    const struct listeners *listeners, size_t slot, size_t workers);

#endif
