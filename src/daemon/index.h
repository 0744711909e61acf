#ifndef DAEMON_INDEX_H
#define DAEMON_INDEX_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "text/attribute.h"

/* The master's side of the index: the process that makes it, and its files. */
struct index {
	/* What that process does once it is one of its own; exits. */
	void (*work)(void *context, int line, int current);
	void *context;
	/* The caller fills what is above; index_init the rest. */
	int current; /* the index of the moment, only to be read; -1: none */
	int pending; /* one that is being made; -1: none */
	pid_t pid; /* 0: not running, to be started at `due` */
	int line;
	bool complained; /* of directories that take no file */
	bool wanted; /* there is something to be indexed */
	unsigned pause_ms;
	struct timespec started, due;
};

void index_init(struct index *index);

/*
 * Begins anew for another generation, or, unless `wanted`, ends.  With
 * `keeps`, the index of the moment is of the same tree, and is gone on from.
 */
void index_begin(struct index *index, bool wanted, bool keeps);

/* Starts the process if it is due. */
void index_start_due(struct index *index);

/* `ms`, or less when it is due before. */
long index_due_ms(const struct index *index, long ms);

/* Answers what the process says; true when there is another current index. */
bool index_listen(struct index *index);

/*
 * Notes that a child ended; false when it is not this one.  With `replace`,
 * it is started again after a growing pause.
 */
bool index_reap(struct index *index, pid_t pid, int status, bool replace);

/* In a worker: closes what only the master has a use for. */
void index_close_ours(struct index *index);

/* Ends the process and closes the files. */
void index_stop(struct index *index);

#endif
