#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "text/attribute.h"

/* The most clients of a service: workers, including retired ones. */
#define SERVICE_CLIENTS_MAX 1024

/* The message to the service that carries a new client's socket. */
#define SERVICE_CLIENT 'c'

/* Makes a socket pair: [0] is the service's end, [1] the client's. */
typedef int service_pair(int ends[2]);

/* A ping from the master, to which a process sends the same byte. */
#define SERVICE_PING 'p'

struct service_heartbeat {
	bool asked; /* the last ping has no answer yet */
	unsigned missed; /* see manager.h */
};

/*
 * A process that serves workers, as the master sees it. Each worker has its own
 * socket pair to the service. The master keeps the service's ends for the
 * successor of a process that dies.
 */
struct service {
	const char *name; /* for the log and the list of processes */
	service_pair *pair;
	/* The main function of the process; exits. */
	void (*work)(void *context, const struct service *service);
	void *context;
	/* The caller fills the members above; service_init the rest. */
	bool is_wanted;
	pid_t pid; /* 0: not running, start it at `due` */
	int line; /* the master's end; in the process, its own end */
	int ends[SERVICE_CLIENTS_MAX];
	size_t end_count;
	struct service_heartbeat heartbeat;
	unsigned pause_ms;
	struct timespec started, due;
};

void service_init(struct service *service);

/* Starts the process if it is due; -1 on failure, which is logged. */
void service_start_due(struct service *service);

/*
 * Connects a new client. Returns its end, or -1 with errno set. `kept` is set
 * to the service's end, which the service owns, for service_disconnect.
 */
MUST_USE int service_connect(struct service *service, int *kept);

/* Removes a client, given the service's end of its pair; ignores -1. */
void service_disconnect(struct service *service, int kept);

/*
 * Handles a child's end; false when it is not this process. With `replace`, the
 * process is started again after a growing pause.
 */
bool service_reap(struct service *service, pid_t pid, int status, bool replace);

/* The lower of `ms` and the time until the process is due. */
long service_due_ms(const struct service *service, long ms);

/* Releases the process: it ends after its last client. */
void service_retire(struct service *service);

/*
 * The same when its last client has ended: waits a moment for the process, so
 * that a service manager has none to kill.
 */
void service_finish(struct service *service);

/* Ends the process at once and waits a moment for it; it has no data to lose.
 */
void service_stop(struct service *service);

/*
 * Waits a moment for the end of a child, and reaps it; false if it goes on.
 */
bool service_await_end(pid_t pid);

/*
 * In the process: receives a message of the master over `line`, and answers a
 * ping. `client` becomes the socket of a new client, or -1. False at the end.
 */
MUST_USE bool service_hear(int line, int *client);

/* In another child: closes the master's descriptors. */
void service_forget(struct service *service);

#endif
