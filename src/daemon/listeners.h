#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "daemon/worker.h"
#include "text/attribute.h"
#include "text/buf.h"

/*
 * The master's listening sockets: on each address one for every worker, so
 * that a worker that ends leaves its waiting clients to the next in its
 * place.
 */
struct listeners {
	struct listener_address *addresses;
	size_t count;
	size_t sockets_each;
};

/*
 * Opens what `config` asks for; what `old` (NULL: none) already has is
 * shared with it.  Fills the ports that the configuration left open with
 * those that were bound.  Returns -1 with one line in `error`; what `old`
 * has stays.
 */
MUST_USE int listeners_open(struct listeners *listeners, struct config *config,
    const struct listeners *old, char *error, size_t error_size);

/* Closes what `kept` (NULL: none) does not share, and frees the rest. */
void listeners_close(struct listeners *listeners, const struct listeners *kept);

/*
 * Opens those anew that no longer listen: a process that has one can shut it
 * down.  What cannot be opened is logged.  The others lose SO_LINGER, which
 * such a process can set.
 */
void listeners_mend(const struct listeners *listeners);

/*
 * For a program that this process executes: describes the sockets, as words of
 * the name "listeners", and leaves them open for it, or not.
 */
void listeners_describe(const struct listeners *listeners, struct buf *out);
void listeners_inherit(const struct listeners *listeners, bool inherit);

/*
 * In that program: takes the sockets that such a word describes.  Those that do
 * not listen where it says are opened anew; what cannot be is left out.
 */
void listeners_adopt(struct listeners *listeners, struct str word);

/*
 * The sockets of worker `slot` of `workers`: `sockets` has room for
 * listeners_room() of them.  Returns how many there are.
 */
size_t listeners_of_worker(const struct listeners *listeners, size_t slot,
    size_t workers, struct worker_socket *sockets);

size_t listeners_room(const struct listeners *listeners);

/* In a worker: closes those that are not its own. */
void listeners_close_others(
    const struct listeners *listeners, size_t slot, size_t workers);

/* Writes the line of info that says "ready", and what was bound. */
void listeners_log_ready(
    const struct listeners *listeners, const struct config *config);

/*
 * Prints the URLs of the home page to standard output, one per line and
 * nothing else, so that they can be copied into a client.
 */
void listeners_print_urls(const struct config *config);

#endif
