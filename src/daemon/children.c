/*
 * The children of the master: the resources and the work of each.
 */
#include "daemon/children.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/answers.h"
#include "daemon/indexer.h"
#include "daemon/pause.h"
#include "daemon/runner.h"
#include "daemon/signals.h"
#include "daemon/worker.h"
#include "daemon/writer.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"

/* The minimum interval between two rebuilds of a damaged index. */
#define REBUILD_PAUSE_MS 60000

void
children_worker_main(void *context, const struct workers_start *start)
{
	struct master *master = context;
	struct generation *generation = master->generation;
	size_t count = master->workers.slot_count, socket_count;
	struct worker_socket *sockets = listeners_of_worker(
	    &master->listeners, start->slot, count, &socket_count);
	const struct worker_setup setup = {
		.config = &generation->config,
		.server = &generation->server,
		.readers = &generation->readers.set,
		.tls = generation->tls,
		.jail = &generation->jail,
		.roots = &generation->capsules.roots,
		.sockets = sockets,
		.socket_count = socket_count,
		.line = start->line,
		.keys = start->services[WORKERS_KEYS],
		.answers = start->services[WORKERS_ANSWERS],
		.runner = start->services[WORKERS_RUNNER],
		.writer = start->services[WORKERS_WRITER],
		.limits = master->limits,
		.number = start->number,
		.held = start->held,
		.counts = start->counts,
	};
	int status = EXIT_FAILURE;

	generation->server.answers = &setup.answers;
	if (setup.runner != -1)
		generation->server.runner = &setup.runner;
	if (setup.writer != -1)
		generation->server.writer = &setup.writer;
	process_close(master->status.fd);
	listeners_close_others(&master->listeners, start->slot, count);
	service_forget(&master->index);
	/* Only the answers process searches the index. */
	state_forget(&generation->state);
	generation_forget_index(generation);
	if (sockets == NULL || signals_begin_child(&master->waiting) == -1)
		log_line(LOG_LEVEL_ERROR, "worker: cannot start: %s",
		    strerror(errno));
	else
		status = worker_run(&setup);
	free(sockets);
	generation_release(generation);
	exit(status);
}

/* Frees the state of clients, which only the workers need. */
static void
forget_clients(struct master *master, const struct service *own)
{
	struct generation *generation = master->generation;

	process_close(master->status.fd);
	workers_forget(&master->workers);
	listeners_close(&master->listeners, NULL);
	if (own != &master->index)
		service_forget(&master->index);
	services_forget(&master->services, own);
	service_forget(&generation->keys.service);
	tls_context_free(generation->tls);
	readerlists_release(&generation->readers);
	generation_forget_visitors(generation);
}

static void
be_answers(void *context, const struct service *service)
{
	struct master *master = context;
	struct generation *generation = master->generation;
	const struct answers_setup setup = {
		.service = service,
		.server = &generation->server,
		.jail = &generation->jail,
		.roots = &generation->capsules.roots,
		.limits = master->limits,
		.rules = &generation->config.limits,
		.state = generation->state.fd,
	};
	int status = EXIT_FAILURE;

	forget_clients(master, service);
	capsules_forget_scans(&generation->capsules);
	state_forget_lock(&generation->state);
	if (signals_begin_child(&master->waiting) == 0 &&
	    signal(SIGTERM, SIG_IGN) != SIG_ERR)
		status = answers_run(&setup);
	exit(status);
}

/*
 * Frees the state that neither the runner nor the writer needs.  -1 with errno
 * set.
 */
static int
begin_service(struct master *master, const struct service *service)
{
	struct generation *generation = master->generation;

	forget_clients(master, service);
	capsules_forget_scans(&generation->capsules);
	limit_free(master->limits);
	state_forget(&generation->state);
	return signals_begin_child(&master->waiting) == 0 &&
		signal(SIGTERM, SIG_IGN) != SIG_ERR
	    ? 0
	    : -1;
}

static void
be_runner(void *context, const struct service *service)
{
	struct master *master = context;
	struct generation *generation = master->generation;
	const struct runner_setup setup = {
		.service = service,
		.config = &generation->config,
		.server = &generation->server,
		.jail = &generation->jail,
		.roots = &generation->capsules.roots,
		.scripts = &generation->scripts,
	};
	int status = EXIT_FAILURE;

	if (begin_service(master, service) == 0)
		status = runner_run(&setup);
	exit(status);
}

static void
be_writer(void *context, const struct service *service)
{
	struct master *master = context;
	struct generation *generation = master->generation;
	const struct writer_setup setup = {
		.service = service,
		.server = &generation->server,
		.jail = &generation->jail,
		.roots = &generation->capsules.roots,
	};
	int status = EXIT_FAILURE;

	if (begin_service(master, service) == 0)
		status = writer_run(&setup);
	exit(status);
}

static bool
wants_runner(const struct config *config)
{
	return config_has_program(config, ~0U);
}

const struct services_kind children_services[SERVICES_COUNT] = {
	[WORKERS_ANSWERS] = { be_answers, NULL },
	[WORKERS_RUNNER] = { be_runner, wants_runner },
	[WORKERS_WRITER] = { be_writer, config_has_writers },
};

/*
 * The indexer has no clients: it needs no socket, no key, and no count of
 * visitors or limits.
 */
void
children_be_indexer(void *context, const struct service *service)
{
	struct master *master = context;
	struct generation *generation = master->generation;
	const struct indexer_setup setup = {
		.config = &generation->config,
		.capsules = &generation->capsules,
		.media = master->media,
		.jail = &generation->jail,
		.state = generation->state.fd,
		.rebuilds = master->rebuilds,
		.line = service->line,
	};
	int status = EXIT_FAILURE;

	forget_clients(master, service);
	limit_free(master->limits);
	state_forget_lock(&generation->state);
	if (signals_begin_child(&master->waiting) == 0)
		status = indexer_run(&setup);
	else
		log_line(LOG_LEVEL_ERROR, "index: cannot start: %s",
		    strerror(errno));
	exit(status);
}

void
children_forget_shared(void *context)
{
	struct master *master = context;

	workers_forget(&master->workers);
	if (master->generation != NULL) {
		generation_forget_visitors(master->generation);
		capsules_forget_scans(&master->generation->capsules);
	}
	limit_free(master->limits);
}

/*
 * Has the index rebuilt that the answers process found damaged, unless that was
 * done a moment ago: a rebuild costs more than a question.
 */
static void
rebuild_index(struct master *master)
{
	if (master->rebuilt.tv_sec != 0 &&
	    clock_since_ms(&master->rebuilt) < REBUILD_PAUSE_MS)
		return;
	master->rebuilt = clock_now();
	master->rebuilds = true;
	log_line(LOG_LEVEL_ERROR,
	    "master: a question found the index damaged; rebuilding it");
	if (master->index.pid != 0)
		(void)kill(master->index.pid, SIGKILL);
}

/* Replace services even while stopping: retiring workers need them. */
static bool
reap_service(struct master *master, pid_t pid, int status)
{
	if (pid == master->services.all[WORKERS_ANSWERS].pid &&
	    WIFEXITED(status) && WEXITSTATUS(status) == ANSWERS_DAMAGED)
		rebuild_index(master);
	/* Now, since the master may execute itself before the next runner. */
	if (pid == master->services.all[WORKERS_RUNNER].pid)
		scriptjail_end_groups(&master->generation->scripts);
	return services_reap(&master->services, pid, status) ||
	    keys_reap(&master->generation->keys, pid, status);
}

void
children_reap(struct master *master)
{
	pid_t pid;
	int status;

	signals.child = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* An adopted child has another memory layout. */
		bool old = workers_adopted(&master->workers, pid);
		/* A signal to the process group may end the workers first. */
		bool goes_on = !master->stopping && !signals_is_stop_due();

		if (!workers_reap(&master->workers, pid, status, goes_on) &&
		    !service_reap(&master->index, pid, status, goes_on) &&
		    !reap_service(master, pid, status))
			continue;
		master->faulted |= !old && pause_is_fault(status);
		/* The child may have shut down a listener. */
		listeners_mend(&master->listeners);
	}
}
