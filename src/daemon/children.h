#ifndef DAEMON_CHILDREN_H
#define DAEMON_CHILDREN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "daemon/workers.h"
#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/manager.h"
#include "daemon/reexec.h"
#include "daemon/service.h"
#include "daemon/services.h"
#include "daemon/state.h"
#include "daemon/statussocket.h"
#include "sys/limit.h"
#include "tree/media.h"

/* The state of the master, which each child inherits. */
struct master {
	const struct options *options;
	struct generation *generation;
	struct media *media;
	struct limit_table *limits;
	struct listeners listeners;
	struct workers workers;
	struct state left; /* left by a predecessor, for the first generation */
	struct service index;
	bool rebuilds; /* the next index process makes the index anew */
	struct timespec rebuilt; /* when one was last started so; 0: never */
	const struct reexec *reexec;
	bool faulted; /* to be executed, when that is due */
	bool is_replaced; /* a reload found a new version of the program */
	struct timespec execution_due;
	unsigned execution_pause_ms; /* the pause before that execution */
	struct services services;
	struct timespec readers_at; /* the next check of their lists */
	bool owes_readers; /* a worker does not have the new lists yet */
	struct manager manager;
	struct statussocket status;
	int64_t since; /* seconds since 1970 at the start of this program */
	const char *last_reload; /* for the status: none, done, failed */
	bool stopping;
	bool reloading; /* old workers may still accept clients */
	sigset_t waiting; /* the signal mask while the master waits */
};

/*
 * The work of a new child, whose `context` is the struct master.  Each frees
 * the parts of it that its process does not need, runs, and exits.
 */
void children_worker_main(void *context, const struct workers_start *start);
void children_be_indexer(void *context, const struct service *service);

/* The services of a generation, in the order of enum workers_service. */
extern const struct services_kind children_services[SERVICES_COUNT];

/* In a keys process: frees memory that workers can write to. */
void children_forget_shared(void *context);

/*
 * Notes each child that has ended, and when its successor is due.  A fault of a
 * child makes an execution of the program due.
 */
void children_reap(struct master *master);

#endif
