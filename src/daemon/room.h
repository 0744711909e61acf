#ifndef DAEMON_ROOM_H
#define DAEMON_ROOM_H

#include <stddef.h>

/* What the clients of a worker may take: descriptors and memory. */
struct room {
	size_t most; /* clients at once */
	size_t crowd; /* the most there were since memory was given back */
};

/*
 * Finds out for how many clients there are descriptors, and keeps libevent's
 * small blocks apart from the clients' memory.  To be called once in a
 * process, before libevent is used.
 */
void room_init(struct room *room);

/*
 * To be called when `count` clients are left: gives the memory of the others
 * back to the system once nearly all of a crowd have gone.
 */
void room_clients(struct room *room, size_t count);

#endif
