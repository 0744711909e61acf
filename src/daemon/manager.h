#ifndef DAEMON_MANAGER_H
#define DAEMON_MANAGER_H

#include <stdbool.h>
#include <time.h>

#include "daemon/config.h"
#include "daemon/services.h"
#include "daemon/workers.h"

/*
 * Reports the state of the server to the service manager, and sends pings while
 * all workers answer: see sd_notify(3). With or without such a manager, the
 * master pings each worker, and each service of services.h, at intervals, and
 * replaces a process that does not answer for a long time.
 */
struct manager {
	unsigned interval_ms;
	struct timespec due; /* the next check */
};

/* Starts the checks, once the server serves. */
void manager_init(struct manager *manager);

/*
 * Tells the service manager that a reload begins, and that the server serves
 * `config`. The error of a failed reload becomes the status; NULL: none.
 */
void manager_reloading(void);
void manager_ready(const struct config *config, const char *error);

/* The lower of `ms` and the time until the next check. */
long manager_due_ms(const struct manager *manager, long ms);

/*
 * Checks the workers and the services if that is due. While the server
 * stops, no worker is pinged: each has its own deadline.
 */
void manager_check(struct manager *manager, struct workers *workers,
    struct services *services, bool stopping);

#endif
