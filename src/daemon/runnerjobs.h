#ifndef DAEMON_RUNNERJOBS_H
#define DAEMON_RUNNERJOBS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/runnerplaces.h"
#include "daemon/runnerdial.h"
#include "daemon/runnerscript.h"
#include "serve/programcall.h"
#include "text/attribute.h"

/*
 * The messages over the socket that came with a call.
 */
/*
 * 'o', one byte of enum runnerjobs_stream, and a descriptor of the program's
 * answer: a pipe, or a connection to which the whole request was written.
 */
#define RUNNERJOBS_OPENED 'o'
enum runnerjobs_stream {
	RUNNERJOBS_RAW = 'r',
	RUNNERJOBS_FASTCGI = 'f',
};
/* 'x', a status as uint16_t, and META: there will be no answer. */
#define RUNNERJOBS_REFUSED 'x'
/*
 * CGI only: the script has ended, and all its processes were killed. 'f': a
 * signal ended the script, so the answer is cut short.
 */
#define RUNNERJOBS_ENDED 'e'
#define RUNNERJOBS_FAILED 'f'

/* The descriptors of a job that are waited for. */
#define RUNNERJOBS_POLLED 2

/* A program that answers a request. */
struct runnerjobs_job {
	int line; /* to the worker; -1: closed */
	int worker; /* the socket over which its call came */
	uint64_t network;
	const struct rules_program *program;
	char *path; /* as requested, for the log */
	struct runnerscript script; /* pid 0: none */
	struct runnerdial dial; /* fd -1: none */
	struct timespec due; /* of a connection that the worker has */
};

struct runnerjobs {
	const struct runnerplaces *places;
	const struct scriptjail *scripts;
	struct runnerjobs_job *all; /* room for `most` */
	size_t count, most;
};

/*
 * Starts a job for a call that came over the socket `worker`, or refuses it.
 * Takes `line`.
 */
void runnerjobs_start(struct runnerjobs *jobs, const struct programcall *call,
    int worker, int line);

/* Ends the jobs of a worker that has gone, as if it had closed their lines. */
void runnerjobs_end_worker(struct runnerjobs *jobs, int worker);

/*
 * Fills RUNNERJOBS_POLLED entries for each job. After poll(2),
 * runnerjobs_handle deals with them.
 */
void runnerjobs_poll(const struct runnerjobs *jobs, struct pollfd *polled);
void runnerjobs_handle(struct runnerjobs *jobs, const struct pollfd *polled);

/*
 * Ends connections that are overdue, and forgets those that a worker has had
 * for too long; the time to the next one, or -1.
 */
long runnerjobs_end_overdue(struct runnerjobs *jobs);

/* Deals with children that have ended; whether more of them may be left. */
bool runnerjobs_reap(struct runnerjobs *jobs);

#endif
