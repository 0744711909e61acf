#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/service.h"
#include "sys/counts.h"
#include "sys/limit.h"
#include "sys/log.h"
#include "text/attribute.h"

/* The most workers at once, including those that a reload has retired. */
#define WORKERS_MAX LIMIT_WORKERS
/*
 * The longest pause before a worker is replaced. Each slot has its own sockets,
 * and no other worker serves their clients during the pause.
 */
#define WORKERS_PAUSE_MS 1000

/* Services that workers connect to. */
enum workers_service {
	WORKERS_ANSWERS,
	WORKERS_RUNNER,
	WORKERS_WRITER,
	/* The last one: see SERVICES_COUNT. */
	WORKERS_KEYS,
	WORKERS_SERVICES,
};

/* The message that tells a worker to end. */
#define WORKERS_END 'e'
/* The message that has new lists of readers: a descriptor for readerset_map. */
#define WORKERS_READERS 'r'
/* The message of a worker that accepts no more clients. */
#define WORKERS_STOPPED 's'

/* The parameters of a new worker. */
struct workers_start {
	size_t slot; /* index into workers.slots */
	size_t number; /* for the limits */
	int line; /* to the master; the worker ends with it */
	int services[WORKERS_SERVICES]; /* sockets to the services; -1: none */
	struct log_store *held; /* buffer for log lines, or NULL */
	struct counts *counts; /* its numbers, or NULL */
};

struct child {
	pid_t pid;
	uint64_t serial; /* grows with each child; 0: a predecessor's */
	size_t slot;
	size_t number;
	int line; /* the master's end; -1: closed by the worker */
	int ends[WORKERS_SERVICES]; /* the services' sockets; -1: none */
	struct log_store *held; /* its log lines, in case it is killed */
	struct counts *counts; /* its numbers, or NULL */
	struct timespec heard_again; /* when its next message is read */
	struct service_heartbeat heartbeat;
	bool retired; /* told to end */
	bool stopped; /* accepts no more clients */
	struct timespec end_by; /* when a retired one is killed */
	struct timespec started;
};

/* A process that ends with its last client among the workers of its time. */
struct leftover {
	pid_t pid;
	uint64_t serial; /* of the newest of those workers */
	bool is_alone; /* those workers have ended */
	struct timespec end_by; /* the deadline, if is_alone */
};

/* A worker slot, which outlives its workers. */
struct worker_slot {
	bool empty;
	unsigned pause_ms; /* the latest pause; see pause_after */
	struct timespec due;
};

/* The workers of a master. */
struct workers {
	struct limit_table *limits;
	struct service *services[WORKERS_SERVICES]; /* NULL: no such service */
	/* The main function of a worker process; exits. */
	void (*work)(void *context, const struct workers_start *start);
	void *context;
	/* The caller fills the members above; the rest is zeroed. */
	struct counts_total ended; /* the sums of workers that have ended */
	struct child children[WORKERS_MAX];
	size_t child_count;
	uint64_t serial; /* of the newest child */
	struct leftover leftovers[WORKERS_MAX];
	size_t leftover_count;
	struct worker_slot *slots; /* one for each worker of this generation */
	size_t slot_count;
};

/* Makes `count` empty slots, each with a worker due at once; or NULL. */
MUST_USE struct worker_slot *workers_slots(size_t count);

/* Takes `slots` and frees the previous ones. */
void workers_set_slots(
    struct workers *workers, struct worker_slot *slots, size_t count);

/* Starts the workers that are due. */
void workers_start_due(struct workers *workers);

/* Tells the oldest `count` children to end within `ms`. */
void workers_retire(struct workers *workers, size_t count, unsigned ms);

/* The same for all children; other workers are due at once. */
void workers_replace_all(struct workers *workers, unsigned ms);

/* Kills retired workers that are overdue, or, with `all`, all retired ones. */
void workers_kill_overdue(const struct workers *workers, bool all);

/*
 * Handles a child's end; false when it is not a worker. With `replace`, a
 * worker that was not retired is replaced after a growing pause.
 */
bool workers_reap(struct workers *workers, pid_t pid, int status, bool replace);

/*
 * Adds a child of a predecessor, known by its pid only, and tells it to end
 * within `ms`.
 */
void workers_adopt(struct workers *workers, pid_t pid, unsigned ms);

/* Whether a child is a predecessor's. */
bool workers_adopted(const struct workers *workers, pid_t pid);

/* Gets the longest pause of all slots; sets one pause for all slots. */
unsigned workers_pause_ms(const struct workers *workers);
void workers_set_pause(const struct workers *workers, unsigned ms);

/* Whether a slot is empty; whether an empty slot is due to be filled. */
bool workers_is_short(const struct workers *workers);
bool workers_is_due(const struct workers *workers);

/* The lower of `ms` and the time until the next event. */
long workers_due_ms(const struct workers *workers, long ms);

/* Adds the sockets of workers that may send to `polled`; returns the number. */
size_t workers_poll(const struct workers *workers, struct pollfd *polled);

/* Reads the workers' messages; true when one of them is `word`. */
bool workers_listen(struct workers *workers, char word);

/* Whether a retired worker may still accept clients. */
bool workers_accept_late(const struct workers *workers);

/*
 * Detaches the services from present children, which stay connected to them;
 * their structs are then reused.
 */
void workers_leave_services(struct workers *workers);

/*
 * Leaves the process `pid` of a service (0: none) to the present children, or
 * to the `adopted` ones alone. It ends with the last of them; otherwise
 * workers_kill_leftovers kills it. Without room to remember the process, it is
 * killed at once.
 */
void workers_leave_to(struct workers *workers, pid_t pid, bool adopted);

/*
 * workers_kill_leftovers kills old services that do not end in time after their
 * last worker; a runner needs some time to end its scripts.
 * workers_end_leftovers, to be called without workers, waits for all of them.
 */
void workers_kill_leftovers(struct workers *workers);
void workers_end_leftovers(struct workers *workers);

/*
 * Sends a message with a descriptor, borrowed, to every worker. False when one
 * of them has no room for it now.
 */
bool workers_send(const struct workers *workers, char word, int fd);

/* Tells every worker to end, as with SIGTERM, before the master goes. */
void workers_dismiss(const struct workers *workers);

/* In a child: frees the master's resources. */
void workers_forget(const struct workers *workers);

#endif
