#ifndef DAEMON_MANAGER_H
#define DAEMON_MANAGER_H

#include <stdbool.h>
#include <time.h>

#include "daemon/config.h"
#include "daemon/workers.h"

/*
 * The service manager learns the state of the server, and gets pings while all
 * workers answer: see sd_notify(3). Without such a manager, too, the master
 * asks each worker, and the answers process, at intervals for a sign of life,
 * and replaces one that gives none for a long time.
 */
struct manager {
	unsigned interval_ms;
	struct timespec due; /* the next look */
};

/* Starts the looks, once the server serves. */
void manager_init(struct manager *manager);

/*
 * Tells the service manager that a reload begins, and that the server serves
 * `config`. The error of a failed reload becomes the status; NULL: none.
 */
void manager_reloading(void);
void manager_ready(const struct config *config, const char *error);

/* The lower of `ms` and the time until the next look. */
long manager_due_ms(const struct manager *manager, long ms);

/*
 * Looks at the workers and the answers process if that is due. While the server
 * stops, no worker is asked: each has its own deadline.
 */
void manager_look(struct manager *manager, struct workers *workers,
    struct service *answers, bool stopping);

#endif
