/*
 * Service processes for the workers: started, replaced and connected by the
 * master.
 */
#include "daemon/service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/pause.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "sys/process.h"

/* Visitors wait while a service is missing. */
#define PAUSE_MAX_MS 500
/* After an error that the process itself reports, which may persist. */
#define ERROR_PAUSE_MAX_MS 5000
/* Wait up to two seconds for the end of a process that was killed. */
#define END_TRIES 1000
#define END_PAUSE_MS 2

void
service_init(struct service *service)
{
	service->line = -1;
	service->pid = 0;
	service->end_count = 0;
	service->pause_ms = 0;
	service->is_wanted = true;
	service->due = clock_now();
}

static NO_RETURN void
run(struct service *service, const int line[2])
{
	close(line[0]);
	service->line = line[1];
	service->work(service->context, service);
	exit(EXIT_FAILURE);
}

void
service_start_due(struct service *service)
{
	int line[2] = { -1, -1 };
	pid_t pid = -1;

	if (!service->is_wanted || service->pid != 0 ||
	    clock_until_ms(&service->due) > 0)
		return;
	if (fdpass_pair(line) == 0)
		pid = process_fork(service->name);
	if (pid == 0)
		run(service, line);
	process_close(line[1]);
	if (pid == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "master: cannot start %s: %s; trying again in %d ms",
		    service->name, strerror(errno), PAUSE_MAX_MS);
		process_close(line[0]);
		service->due = clock_in(PAUSE_MAX_MS);
		return;
	}
	service->pid = pid;
	service->line = line[0];
	service->heartbeat = (struct service_heartbeat){ 0 };
	service->started = clock_now();
}

int
service_connect(struct service *service, int *kept)
{
	int ends[2];

	*kept = -1;
	if (service->end_count == SERVICE_CLIENTS_MAX) {
		errno = EAGAIN;
		return -1;
	}
	if (service->pair(ends) == -1)
		return -1;
	/* If the process has just died, its successor inherits the socket. */
	if (service->pid != 0 &&
	    fdpass_send(service->line, SERVICE_CLIENT, ends[0]) == -1)
		log_line(LOG_LEVEL_WARN,
		    "master: cannot reach the %s process: %s", service->name,
		    strerror(errno));
	service->ends[service->end_count++] = ends[0];
	*kept = ends[0];
	return ends[1];
}

void
service_disconnect(struct service *service, int kept)
{
	for (size_t i = 0; i < service->end_count; i++)
		if (service->ends[i] == kept) {
			fdpass_close(kept);
			service->ends[i] = service->ends[--service->end_count];
			return;
		}
}

bool
service_reap(struct service *service, pid_t pid, int status, bool replace)
{
	char text[PAUSE_TEXT];
	unsigned longest = PAUSE_MAX_MS;

	if (service->pid != pid)
		return false;
	service->pid = 0;
	fdpass_close(service->line);
	service->line = -1;
	if (!replace)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_SUCCESS)
		longest = ERROR_PAUSE_MAX_MS;
	service->pause_ms = pause_after(&service->started, service->pause_ms);
	if (service->pause_ms > longest)
		service->pause_ms = longest;
	pause_describe(status, text, sizeof text);
	service->due = clock_in(service->pause_ms);
	log_line(pause_log_level(service->pause_ms),
	    "master: %s process %ld ended: %s; starting another in %u ms",
	    service->name, (long)pid, text, service->pause_ms);
	service->pause_ms = pause_next(service->pause_ms, longest);
	return true;
}

long
service_due_ms(const struct service *service, long ms)
{
	long due = clock_until_ms(&service->due);

	return service->is_wanted && service->pid == 0 && due < ms ? due : ms;
}

bool
service_hear(int line, int *client)
{
	char word;
	int got = fdpass_receive(line, &word, client);

	if (got != 1)
		return got == -1 && errno == EAGAIN;
	if (*client != -1 && word != SERVICE_CLIENT) {
		fdpass_close(*client);
		*client = -1;
	}
	if (word == SERVICE_PING)
		(void)!fdpass_send(line, word, -1);
	return true;
}

void
service_forget(struct service *service)
{
	process_close(service->line);
	for (size_t i = 0; i < service->end_count; i++)
		close(service->ends[i]);
	service->pid = 0;
	service->line = -1;
	service->end_count = 0;
}

void
service_retire(struct service *service)
{
	/* Unread messages are in the sockets if no process is left. */
	if (service->pid == 0)
		for (size_t i = service->end_count; i > 0; i--)
			service_disconnect(service, service->ends[i - 1]);
	service_forget(service);
	service->is_wanted = false;
}

/* A process that waits for a disk may not end yet; it is reaped later. */
bool
service_await_end(pid_t pid)
{
	for (int i = 0; i < END_TRIES; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return true;
		(void)poll(NULL, 0, END_PAUSE_MS);
	}
	return false;
}

void
service_finish(struct service *service)
{
	pid_t pid = service->pid;

	service_retire(service);
	if (pid != 0)
		(void)service_await_end(pid);
}

void
service_stop(struct service *service)
{
	if (service->pid != 0)
		kill(service->pid, SIGKILL);
	service_finish(service);
}
