#ifndef DAEMON_RUNNERDIAL_H
#define DAEMON_RUNNERDIAL_H

#include <stddef.h>
#include <time.h>

#include "serve/rules.h"
#include "text/attribute.h"
#include "text/str.h"

/* A connection to an SCGI or FastCGI server, until the request is written. */
struct runnerdial {
	int fd; /* -1: none */
	char *request;
	size_t len, off;
	struct timespec due; /* the deadline */
};

/*
 * Starts to connect to the server of a program, for a request, which it copies.
 * -1 with errno set.
 */
MUST_USE int runnerdial_begin(struct runnerdial *dial,
    const struct rules_program *program, struct str request);

/*
 * Goes on when the socket is writable. Returns 1 when the request is written, 0
 * when more is to come, or -1 with errno set.
 */
MUST_USE int runnerdial_write(struct runnerdial *dial);

/* Closes the socket, and frees the request. */
void runnerdial_end(struct runnerdial *dial);

#endif
