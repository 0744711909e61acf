#ifndef DAEMON_STATUSSOCKET_H
#define DAEMON_STATUSSOCKET_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>

#include "text/attribute.h"
#include "text/str.h"

/* The longest path, without its NUL. */
#define STATUSSOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)

/*
 * The Unix socket of the key `status`. Each client gets a text and is closed.
 * The master reads nothing from a client and waits for none.
 */
struct statussocket {
	int fd; /* -1: none */
	char path[STATUSSOCKET_PATH_MAX + 1];
	/* The file, which may have been replaced since. */
	dev_t device;
	ino_t inode;
	struct timespec rests_until;
};

/* A socket to be opened. */
struct statussocket_setup {
	const char *path; /* empty: none */
	/* The present one, which is kept if its file is at this path. */
	const struct statussocket *old;
};

/*
 * Makes the file, with mode 0600, and listens. Replaces the file of a socket on
 * which no process listens, but refuses any other file. Returns -1 with one
 * line in `error`; then `socket` is closed.
 */
MUST_USE int statussocket_open(struct statussocket *socket,
    const struct statussocket_setup *setup, char *error, size_t error_size);

/*
 * Closes the socket, and removes its file unless another has replaced it. Does
 * nothing if `kept` is the same socket.
 */
void statussocket_close(
    struct statussocket *socket, const struct statussocket *kept);

/* Checks for -t whether statussocket_open could succeed; returns as that. */
MUST_USE int
statussocket_check(const char *path, char *error, size_t error_size);

/*
 * The descriptor to poll for clients; -1 while there is none, and for a second
 * after the system had no resources for a client.
 */
int statussocket_polled(const struct statussocket *socket);

/*
 * Accepts one client, or returns -1 when there is none. statussocket_send takes
 * the client: it sends as much as fits into the socket's buffer, and closes it.
 */
MUST_USE int statussocket_accept(struct statussocket *socket);
void statussocket_send(int client, struct str text);

#endif
