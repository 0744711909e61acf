#ifndef DAEMON_ROOM_H
#define DAEMON_ROOM_H

#include <stddef.h>

/* The descriptors and the memory that the clients of a worker may use. */
struct room {
	size_t most; /* clients at once */
	size_t crowd; /* most clients since memory was last returned */
};

/*
 * Computes how many clients the limit on descriptors allows, beside `others`,
 * and gives libevent a pool for its small blocks.  Call it once per process,
 * before libevent is used.
 */
void room_init(struct room *room, size_t others);

/*
 * Call it when `count` clients are open.  Returns memory to the system once
 * nearly all of many clients have left.
 */
void room_clients(struct room *room, size_t count);

#endif
