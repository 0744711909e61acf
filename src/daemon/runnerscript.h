#ifndef DAEMON_RUNNERSCRIPT_H
#define DAEMON_RUNNERSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/scriptjail.h"
#include "text/attribute.h"
#include "text/str.h"

/* Bytes of a script's error output for the log; the rest is dropped. */
#define RUNNERSCRIPT_ERRORS_MAX 1024

/* The parameters of a new script; borrowed. */
struct runnerscript_start {
	const struct scriptjail *jail;
	const struct scriptjail_access *access;
	const char *folder, *file; /* absolute */
	char *const *arguments, *const *environment;
	int null; /* /dev/null */
};

/* A running script. */
struct runnerscript {
	pid_t pid; /* of its process group, too */
	int errors; /* its error output; -1: closed */
	char text[RUNNERSCRIPT_ERRORS_MAX]; /* the first of that output */
	size_t text_len;
};

/*
 * Starts a script in a process group of its own. `output` becomes the end of a
 * pipe, not blocking, to be closed by the caller. -1 with errno set.
 */
MUST_USE int runnerscript_begin(struct runnerscript *script,
    const struct runnerscript_start *start, int *output);

/* Reads error output, as much as is there. */
void runnerscript_listen(struct runnerscript *script);

/* Kills all processes of the script; the first then has to be reaped. */
void runnerscript_kill(const struct runnerscript *script);

/*
 * To be called when the first process of the script has ended and was not
 * reaped: kills the other processes, reaps the first, reads the rest of the
 * error output, and returns the status of waitpid(2).
 */
int runnerscript_end(struct runnerscript *script);

#endif
