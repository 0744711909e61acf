#ifndef DAEMON_RUNNERPLACES_H
#define DAEMON_RUNNERPLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "sys/scriptjail.h"
#include "text/attribute.h"

/* A directory of CGI scripts. */
struct runnerplaces_directory {
	const struct rules_program *program; /* one that names it */
	struct scriptjail_access access;
	int fd; /* -1: not there at the start */
};

/* The files that the runner opens before it enters its sandbox. */
struct runnerplaces {
	const struct server *server;
	struct runnerplaces_directory *directories;
	size_t count;
	char **roots; /* of each host: absolute; the capsule's folder */
	bool connects; /* to SCGI or FastCGI servers */
	int null; /* /dev/null */
};

/* -1 with errno set. */
MUST_USE int runnerplaces_init(struct runnerplaces *places,
    const struct config *config, const struct server *server);

/* The directory of a CGI program. */
const struct runnerplaces_directory *runnerplaces_find(
    const struct runnerplaces *places, const struct rules_program *program);

/*
 * Returns places->count + 1 accesses, to be freed: those of the scripts, then
 * that of the runner itself, to the capsules and to servers. NULL without
 * memory.
 */
MUST_USE struct scriptjail_access *
runnerplaces_accesses(const struct runnerplaces *places);

#endif
