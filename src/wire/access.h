#ifndef WIRE_ACCESS_H
#define WIRE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/net.h"
#include "text/status.h"
#include "text/str.h"

/* What the log says of one answer. */
struct access {
	const char *protocol;
	enum status status; /* 0: there was no request */
	const struct net_address *peer; /* NULL: not to be told */
	struct str path; /* what was asked for, without its query */
	uint64_t bytes; /* of head and body, before encryption */
	long ms; /* from the connection to its end */
	bool cut; /* the client did not get all of it */
};

/* Logs one line: at level info for an answer, at debug without one. */
void access_log(const struct access *access);

#endif
