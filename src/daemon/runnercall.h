#ifndef DAEMON_RUNNERCALL_H
#define DAEMON_RUNNERCALL_H

#include "daemon/runnerplaces.h"
#include "serve/programcall.h"
#include "text/attribute.h"

/* The memory for the preparation of one call. */
#define RUNNERCALL_MEMORY ((size_t)1 << 20)

/* A call, and its program. The caller sets the first two members. */
struct runnercall {
	const struct runnerplaces *places;
	const struct programcall *asked;
	const struct rules_program *program;
	/* CGI: */
	const struct runnerplaces_directory *directory;
	const char *folder, *file; /* absolute */
	char **arguments, **environment;
	/* SCGI and FastCGI: */
	struct str request; /* the bytes for the server */
};

/*
 * Finds program and script of a call in the runner's own configuration. Memory
 * is the arena's. Returns STATUS_SUCCESS, or the status for the client;
 * STATUS_PROGRAM, with errno set, if the directory of scripts is not there.
 */
MUST_USE enum status
runnercall_prepare(struct runnercall *call, struct arena *arena);

#endif
