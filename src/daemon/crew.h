#ifndef DAEMON_CREW_H
#define DAEMON_CREW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/service.h"
#include "sys/limit.h"
#include "sys/log.h"
#include "text/attribute.h"

/* The most workers at once, including those that a reload has retired. */
#define CREW_MAX LIMIT_WORKERS
/*
 * The longest pause before a worker is replaced. Each slot has its own sockets,
 * and no other worker serves their clients during the pause.
 */
#define CREW_PAUSE_MS 1000

/* Services that workers connect to. */
enum crew_service {
	CREW_ANSWERS,
	CREW_KEYS,
	CREW_SERVICES,
};

/* The message that tells a worker to end. */
#define CREW_END 'e'

/* The parameters of a new worker. */
struct crew_start {
	size_t slot; /* index into crew.places */
	size_t number; /* for the limits */
	int line; /* to the master; the worker ends with it */
	int services[CREW_SERVICES]; /* sockets to the services; -1: none */
	struct log_store *held; /* buffer for log lines, or NULL */
};

struct child {
	pid_t pid;
	uint64_t serial; /* grows with each child */
	size_t slot;
	size_t number;
	int line; /* the master's end; -1: closed by the worker */
	int ends[CREW_SERVICES]; /* the services' sockets; -1: none */
	struct log_store *held; /* its log lines, in case it is killed */
	struct timespec heard_again; /* when its next message is read */
	bool retired; /* told to end */
	struct timespec end_by; /* when a retired one is killed */
	struct timespec started;
};

/* A process that ends with its last client among the workers of its time. */
struct leftover {
	pid_t pid;
	uint64_t serial; /* of the newest of those workers */
};

/* A worker slot, which outlives its workers. */
struct place {
	bool empty;
	unsigned pause_ms; /* the latest pause; see pause_after */
	struct timespec due;
};

/* The workers of a master. */
struct crew {
	struct limit_table *limits;
	struct service *services[CREW_SERVICES]; /* NULL: no such service */
	/* The main function of a worker process; exits. */
	void (*work)(void *context, const struct crew_start *start);
	void *context;
	/* The caller fills the members above; the rest is zeroed. */
	struct child children[CREW_MAX];
	size_t child_count;
	uint64_t serial; /* of the newest child */
	struct leftover leftovers[CREW_MAX];
	size_t leftover_count;
	struct place *places; /* one for each worker of this generation */
	size_t place_count;
};

/* Makes `count` empty slots, each with a worker due at once; or NULL. */
MUST_USE struct place *crew_places(size_t count);

/* Takes `places` and frees the previous ones. */
void crew_set_places(struct crew *crew, struct place *places, size_t count);

/* Starts the workers that are due. */
void crew_start_due(struct crew *crew);

/* Tells the oldest `count` children to end within `ms`. */
void crew_retire(struct crew *crew, size_t count, unsigned ms);

/* The same for all children; other workers are due at once. */
void crew_replace_all(struct crew *crew, unsigned ms);

/* Kills retired workers that are overdue, or, with `all`, all retired ones. */
void crew_kill_overdue(const struct crew *crew, bool all);

/*
 * Handles a child's end; false when it is not a worker. With `replace`, a
 * worker that was not retired is replaced after a growing pause.
 */
bool crew_reap(struct crew *crew, pid_t pid, int status, bool replace);

/*
 * Adds a child of a predecessor, known by its pid only, and tells it to end
 * within `ms`.
 */
void crew_adopt(struct crew *crew, pid_t pid, unsigned ms);

/* Whether a child is a predecessor's. */
bool crew_adopted(const struct crew *crew, pid_t pid);

/* Gets the longest pause of all slots; sets one pause for all slots. */
unsigned crew_pause_ms(const struct crew *crew);
void crew_set_pause(const struct crew *crew, unsigned ms);

/* Whether a slot is empty; whether an empty slot is due to be filled. */
bool crew_is_short(const struct crew *crew);
bool crew_is_due(const struct crew *crew);

/* The lower of `ms` and the time until the next event. */
long crew_due_ms(const struct crew *crew, long ms);

/* Adds the sockets of workers that may send to `polled`; returns how many. */
size_t crew_poll(const struct crew *crew, struct pollfd *polled);

/* Reads the workers' messages; true when one of them is `word`. */
bool crew_listen(struct crew *crew, char word);

/*
 * Detaches the services from present children, which stay connected to them;
 * their structs are then reused.
 */
void crew_leave_services(struct crew *crew);

/*
 * Leaves the process `pid` of a service (0: none) to the present children. It
 * ends with the last of them; otherwise crew_kill_leftovers kills it. Without
 * room to remember the process, it is killed at once.
 */
void crew_leave_to(struct crew *crew, pid_t pid);

/* Kills old services without workers; with `all`, every old service. */
void crew_kill_leftovers(const struct crew *crew, bool all);

/* Tells every worker to end, as with SIGTERM, before the master goes. */
void crew_dismiss(const struct crew *crew);

/* In a child: frees the master's resources. */
void crew_forget(const struct crew *crew);

#endif
