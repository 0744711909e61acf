/*
 * The process that starts and connects to programs: its sockets and its loop.
 */
#include "daemon/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/runnerjobs.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "tree/tree.h"

/* Programs yield to the workers. */
#define NICE 5

struct runner {
	const struct runner_setup *setup;
	struct runnerplaces places;
	struct runnerjobs jobs;
	/* The master's socket, the workers', and those of jobs. */
	struct pollfd *polled;
	size_t line_count;
	sigset_t waiting; /* the signal mask of ppoll */
	bool has_ended_children; /* that were not reaped yet */
};

/* SIGCHLD only has to interrupt ppoll. */
static void
on_child(int number)
{
	(void)number;
}

static int
set_signals(struct runner *runner)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigemptyset(&action.sa_mask);
	if (sigprocmask(SIG_BLOCK, &blocked, &runner->waiting) == -1)
		return -1;
	sigdelset(&runner->waiting, SIGCHLD);
	return sigaction(SIGCHLD, &action, NULL);
}

static void
add_line(struct runner *runner, int fd)
{
	if (runner->line_count == 1 + SERVICE_CLIENTS_MAX)
		fdpass_close(fd);
	else
		runner->polled[runner->line_count++] =
		    (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* Receives a new worker's socket from the master; false at its end. */
static bool
hear_master(struct runner *runner)
{
	int client;

	if (!service_hear(runner->polled[0].fd, &client))
		return false;
	if (client != -1)
		add_line(runner, client);
	return true;
}

/* Receives one call and its socket; false when the worker has gone. */
static bool
take_call(struct runner *runner, int line)
{
	char bytes[PROGRAMCALL_MAX];
	struct programcall call;
	int fd;
	ssize_t got = fdpass_receive_message(line, bytes, sizeof bytes, &fd);

	if (got <= 0)
		return got == -1 && errno == EAGAIN;
	if (fd == -1)
		return true;
	if (programcall_read((struct str){ bytes, (size_t)got }, &call) &&
	    call.host < runner->setup->server->host_count)
		runnerjobs_start(&runner->jobs, &call, line, fd);
	else
		fdpass_close(fd);
	return true;
}

/* Reads from each readable socket, and removes those at their end. */
static void
hear(struct runner *runner)
{
	if (runner->polled[0].revents != 0 && !hear_master(runner)) {
		fdpass_close(runner->polled[0].fd);
		/* poll skips a negative descriptor. */
		runner->polled[0].fd = -1;
	}
	for (size_t i = runner->line_count; --i > 0;) {
		if (runner->polled[i].revents == 0 ||
		    take_call(runner, runner->polled[i].fd))
			continue;
		runnerjobs_end_worker(&runner->jobs, runner->polled[i].fd);
		fdpass_close(runner->polled[i].fd);
		runner->polled[i] = runner->polled[--runner->line_count];
	}
}

static void
turn(struct runner *runner)
{
	long due_ms = runnerjobs_end_overdue(&runner->jobs);
	long ms = runner->has_ended_children ? 0 : due_ms;
	const struct timespec timeout = { ms / 1000, ms % 1000 * 1000000 };
	struct pollfd *of_jobs = &runner->polled[runner->line_count];
	int ready;

	runnerjobs_poll(&runner->jobs, of_jobs);
	ready = ppoll(runner->polled,
	    runner->line_count + RUNNERJOBS_POLLED * runner->jobs.count,
	    ms == -1 ? NULL : &timeout, &runner->waiting);
	if (ready > 0) {
		/* New jobs follow the present ones, and new lines their
		 * entries. */
		runnerjobs_handle(&runner->jobs, of_jobs);
		hear(runner);
	}
	/* Only scripts are children; without scripts the sandbox forbids
	 * waitid. */
	if (runner->places.count > 0)
		runner->has_ended_children = runnerjobs_reap(&runner->jobs);
}

static int
begin(struct runner *runner)
{
	const struct runner_setup *setup = runner->setup;
	const struct service *service = setup->service;
	struct runnerjobs *jobs = &runner->jobs;

	jobs->places = &runner->places;
	jobs->scripts = setup->scripts;
	jobs->most = setup->config->script_limit;
	jobs->all = calloc(jobs->most, sizeof *jobs->all);
	runner->polled =
	    calloc(1 + SERVICE_CLIENTS_MAX + RUNNERJOBS_POLLED * jobs->most,
		sizeof *runner->polled);
	if (jobs->all == NULL || runner->polled == NULL)
		return -1;
	add_line(runner, service->line);
	for (size_t i = 0; i < service->end_count; i++)
		add_line(runner, service->ends[i]);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	return runnerplaces_init(
		   &runner->places, setup->config, setup->server) == -1 ||
		set_signals(runner) == -1
	    ? -1
	    : 0;
}

static int
enter_jail(struct runner *runner)
{
	const struct runner_setup *setup = runner->setup;
	const struct jail_access access = {
		.role = JAIL_CONNECTOR, .roots = setup->roots, .state = -1
	};
	struct scriptjail_access *all;
	int result;

	if (runner->places.count == 0)
		return jail_enter(setup->jail, &access);
	all = runnerplaces_accesses(&runner->places);
	if (all == NULL)
		return -1;
	result = scriptjail_enter_runner(
	    setup->scripts, setup->jail, all, runner->places.count + 1);
	free(all);
	return result;
}

int
runner_run(const struct runner_setup *setup)
{
	static struct runner runner;

	runner.setup = setup;
	if (begin(&runner) == -1 || enter_jail(&runner) == -1) {
		log_line(LOG_LEVEL_ERROR, "runner: cannot go on: %s",
		    strerror(errno));
		return EXIT_FAILURE;
	}
	while (runner.polled[0].fd != -1 || runner.line_count > 1 ||
	    runner.jobs.count > 0)
		turn(&runner);
	return EXIT_SUCCESS;
}
