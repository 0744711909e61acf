#ifndef DAEMON_SERVICES_H
#define DAEMON_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/config.h"
#include "daemon/service.h"
#include "daemon/workers.h"

/* The services of a generation that workers connect to, without its keys. */
#define SERVICES_COUNT WORKERS_KEYS

/* The properties of a service before its start. */
struct services_kind {
	/* The main function of the process; exits. NULL: no such service. */
	void (*work)(void *context, const struct service *service);
	/* Whether the configuration needs it; NULL: always. */
	bool (*is_wanted)(const struct config *config);
};

struct services {
	const struct services_kind *kinds; /* SERVICES_COUNT; borrowed */
	struct service all[SERVICES_COUNT];
};

/* The name of a service, for the log and the list of processes. */
const char *services_name(enum workers_service which);

/* Makes all services, which services_change starts. */
void services_init(struct services *services, const struct services_kind *kinds,
    void *context);

/*
 * Retires the services, and makes those that `config` needs due at once.
 */
void services_change(struct services *services, const struct config *config);

/* Each calls the function of service.h with this name for all services. */
void services_start_due(struct services *services);
bool services_reap(struct services *services, pid_t pid, int status);
long services_due_ms(const struct services *services, long ms);
void services_finish(struct services *services);

/* In a child: forgets all services but `own`; NULL: all. */
void services_forget(struct services *services, const struct service *own);

#endif
