#ifndef WIRE_ACCESS_H
#define WIRE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/net.h"
#include "text/status.h"
#include "text/str.h"

/* The facts of one answer, for the log. */
struct access {
	const char *protocol;
	enum status status; /* 0: no request came */
	const struct net_address *peer; /* NULL: not to be logged */
	struct str path; /* the requested path, without its query */
	uint64_t bytes; /* of head and body, before encryption */
	long ms; /* from the connection to its end */
	bool cut; /* the client did not receive all of it */
};

/* Logs one line: at level info for an answer, at debug without one. */
void access_log(const struct access *access);

#endif
