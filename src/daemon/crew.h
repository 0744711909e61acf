#ifndef DAEMON_CREW_H
#define DAEMON_CREW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/service.h"
#include "sys/limit.h"
#include "sys/log.h"
#include "text/attribute.h"

/* Workers at once, those included that a reload has retired. */
#define CREW_MAX LIMIT_WORKERS
/*
 * The longest pause before a worker is replaced.  Each place has its own
 * sockets, and no other worker serves their clients during the pause.
 */
#define CREW_PAUSE_MS 1000

/* Processes that each worker has a line to, if they are wanted. */
enum crew_service {
	CREW_ANSWERS,
	CREW_KEYS,
	CREW_SERVICES,
};

/* With this word over its line a worker is told to end. */
#define CREW_END 'e'

/* What a worker is started with. */
struct crew_start {
	size_t slot; /* its place */
	size_t number; /* for the limits */
	int line; /* to the master; ends with it */
	int services[CREW_SERVICES]; /* lines to them; -1: none */
	struct log_store *held; /* where it may hold lines, or NULL */
};

struct child {
	pid_t pid;
	size_t slot;
	size_t number;
	int line; /* our end; -1: it has closed its own */
	int ends[CREW_SERVICES]; /* the services' of its lines; -1: none */
	struct log_store *held; /* what it has yet to write, if it is killed */
	struct timespec heard_again; /* when its next word is read */
	bool retired; /* told to end */
	struct timespec end_by; /* of a retired one, before it is killed */
	struct timespec started;
};

/* The place of a worker: it outlives those who fill it. */
struct place {
	bool empty;
	unsigned pause_ms; /* before the next one, if this dies young too */
	struct timespec due;
};

/* The workers of a master, kept alive. */
struct crew {
	struct limit_table *limits;
	struct service *services[CREW_SERVICES]; /* NULL: there is none */
	/* What a worker does once it is a process of its own; exits. */
	void (*work)(void *context, const struct crew_start *start);
	void *context;
	/* The caller fills what is above; the rest is zeroed. */
	struct child children[CREW_MAX];
	size_t child_count;
	struct place *places; /* one for each worker of this generation */
	size_t place_count;
};

/* A worker whose start is due at once in each of `count` places; or NULL. */
MUST_USE struct place *crew_places(size_t count);

/* Takes `places` instead of those there were. */
void crew_set_places(struct crew *crew, struct place *places, size_t count);

/* Starts the workers that are due. */
void crew_start_due(struct crew *crew);

/* Tells the oldest `count` children to end within `ms`. */
void crew_retire(struct crew *crew, size_t count, unsigned ms);

/* Kills those who did not end in time, or, with `all`, who were told to. */
void crew_kill_overdue(const struct crew *crew, bool all);

/*
 * Notes that a child ended; false when it is none of these.  With `replace`,
 * one that nobody asked to end is replaced, after a growing pause.
 */
bool crew_reap(struct crew *crew, pid_t pid, int status, bool replace);

/*
 * Takes a child of a predecessor, which master and crew know by its pid alone,
 * and tells it to end within `ms`.
 */
void crew_adopt(struct crew *crew, pid_t pid, unsigned ms);

/* Whether a child is a predecessor's. */
bool crew_adopted(const struct crew *crew, pid_t pid);

/* The longest pause that a place is in for, and one for all of them. */
unsigned crew_pause_ms(const struct crew *crew);
void crew_set_pause(const struct crew *crew, unsigned ms);

/* Whether a place is empty, and whether one is due to be filled. */
bool crew_is_short(const struct crew *crew);
bool crew_is_due(const struct crew *crew);

/* `ms`, or less when something is due before. */
long crew_due_ms(const struct crew *crew, long ms);

/* Adds the lines of workers that may say something; returns how many. */
size_t crew_poll(const struct crew *crew, struct pollfd *polled);

/* Hears the workers; true when one of them said `word`. */
bool crew_listen(struct crew *crew, char word);

/*
 * The present children keep their lines to the services, whose structs are
 * for others from now on.
 */
void crew_leave_services(struct crew *crew);

/* Tells every worker to end, as with SIGTERM, before it loses the master. */
void crew_dismiss(const struct crew *crew);

/* In a child: lets go of what only the master has a use for. */
void crew_forget(const struct crew *crew);

#endif
