#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "text/attribute.h"

/* Clients of a service at once: the workers, retired ones included. */
#define SERVICE_CLIENTS_MAX 1024

/* With this word a new client's end is sent over the line to the master. */
#define SERVICE_CLIENT 'c'

/* The client is sent the ends of its pair: [0] the service's, [1] its own. */
typedef int service_pair(int ends[2]);

/*
 * A process that answers workers, as the master sees it. Each worker has a
 * socket pair of its own to it. The master keeps the service's ends, so that a
 * process that takes the place of one that died has them all.
 */
struct service {
	const char *name; /* for the log and the list of processes */
	service_pair *pair;
	/* Runs in the new process, and exits. */
	void (*work)(void *context, const struct service *service);
	void *context;
	/* The caller fills what is above; service_init the rest. */
	bool is_wanted;
	pid_t pid; /* 0: not running, to be started at `due` */
	int line; /* the master's end; in the process, the process's own */
	int ends[SERVICE_CLIENTS_MAX];
	size_t end_count;
	unsigned pause_ms;
	struct timespec started, due;
};

void service_init(struct service *service);

/* Starts the process if it is due; -1 when that failed, which is logged. */
void service_start_due(struct service *service);

/*
 * Connects a new client: its end, or -1 with errno set. `kept` is set to the
 * service's end, which stays the service's, for service_disconnect.
 */
MUST_USE int service_connect(struct service *service, int *kept);

/* Forgets the client whose service's end is `kept`; -1 is none. */
void service_disconnect(struct service *service, int kept);

/*
 * Notes that a child ended; false when it is not this one. With `replace`, it
 * is started again after a growing pause.
 */
bool service_reap(struct service *service, pid_t pid, int status, bool replace);

/* `ms`, or less when the process is due before. */
long service_due_ms(const struct service *service, long ms);

/* Lets the process go: it ends when its last client has gone. */
void service_retire(struct service *service);

/* Ends the process at once and waits for it: it has nothing to lose. */
void service_stop(struct service *service);

/* In another child: closes what belongs to the master. */
void service_forget(struct service *service);

#endif
