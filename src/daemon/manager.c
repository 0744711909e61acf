/*
 * Finds processes that hang, and reports the state to the service manager.
 */
#include "daemon/manager.h"

#include <signal.h>
#include <stdio.h>

#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "sys/notify.h"

#define INTERVAL_MS 15000
/* A healthy worker of a busy machine has time to answer. */
#define INTERVAL_MIN_MS 500
/*
 * A process that does not answer for this many checks in a row is replaced. The
 * count does not grow while the master itself is stopped. The service manager
 * waits for twice as many, so that the successor answers in time.
 */
#define MISSED_MAX 4

void
manager_init(struct manager *manager)
{
	unsigned expected_ms = notify_watchdog_ms();

	manager->interval_ms = INTERVAL_MS;
	if (expected_ms > 0 && expected_ms / (2 * MISSED_MAX) < INTERVAL_MS)
		manager->interval_ms = expected_ms / (2 * MISSED_MAX) + 1;
	if (manager->interval_ms < INTERVAL_MIN_MS)
		manager->interval_ms = INTERVAL_MIN_MS;
	manager->due = clock_in(manager->interval_ms);
}

long
manager_due_ms(const struct manager *manager, long ms)
{
	return clock_sooner_ms(&manager->due, ms);
}

void
manager_reloading(void)
{
	const struct timespec now = clock_now();

	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld%06ld\nSTATUS=reloading",
	    (long long)now.tv_sec, now.tv_nsec / 1000);
}

void
manager_ready(const struct config *config, const char *error)
{
	if (error != NULL)
		notify_error("READY=1\nSTATUS=reload failed, keeping the old "
			     "configuration: ",
		    error);
	else
		notify_send("READY=1\nSTATUS=workers: %u, hosts: %zu",
		    config->workers, config->host_count);
}

/* Pings a process; false if it has not answered the last ping. */
static bool
ping(const char *name, pid_t pid, int line, struct service_heartbeat *heartbeat)
{
	if (!heartbeat->asked) {
		*heartbeat = (struct service_heartbeat){ .asked = true };
		/* A full or closed socket means that the process hangs. */
		(void)!fdpass_send(line, SERVICE_PING, -1);
		return true;
	}
	if (++heartbeat->missed == MISSED_MAX) {
		log_line(LOG_LEVEL_ERROR,
		    "master: %s %ld does not answer, replacing it", name,
		    (long)pid);
		kill(pid, SIGKILL);
	}
	return false;
}

/* Whether all workers are running and have answered the last ping. */
static bool
ping_workers(struct workers *workers)
{
	bool all = !workers_is_short(workers);

	for (size_t i = 0; i < workers->child_count; i++) {
		struct child *child = &workers->children[i];

		if (!child->retired &&
		    !ping("worker", child->pid, child->line, &child->heartbeat))
			all = false;
	}
	return all;
}

static void
ping_service(struct service *service)
{
	char word, name[32];

	if (service->pid == 0)
		return;
	if (fdpass_receive_bytes(service->line, &word, 1, 0) == 1)
		service->heartbeat.asked = false;
	snprintf(name, sizeof name, "%s process", service->name);
	(void)ping(name, service->pid, service->line, &service->heartbeat);
}

void
manager_check(struct manager *manager, struct workers *workers,
    struct services *services, bool stopping)
{
	if (clock_until_ms(&manager->due) > 0)
		return;
	manager->due = clock_in(manager->interval_ms);
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		ping_service(&services->all[i]);
	if (stopping || ping_workers(workers))
		notify_ping();
}
