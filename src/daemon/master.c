/*
 * The master process: starts the other processes, handles signals and reloads.
 * It never reads from a client.
 */
#include "daemon/master.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/children.h"
#include "daemon/config_load.h"
#include "daemon/drain.h"
#include "daemon/pause.h"
#include "daemon/ready.h"
#include "daemon/reexec.h"
#include "daemon/signals.h"
#include "daemon/startup.h"
#include "daemon/statustext.h"
#include "daemon/worker.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/process.h"
#include "sys/system.h"
#include "tree/media.h"

/* The longest wait until the index is open. */
#define INDEX_OPENS_MS 2000

/* The interval between two checks of the lists of readers. */
#define READERS_MS 2000

/* A reload waits while there are more retired workers than this. */
#define RETIRED_MAX 256

static void
retire(struct master *master, size_t count)
{
	workers_retire(
	    &master->workers, count, generation_grace_ms(master->generation));
}

static void
let_go(struct master *master, const struct listeners *kept)
{
	listeners_close(&master->listeners, kept);
	if (master->generation != NULL)
		generation_release(master->generation);
	free(master->generation);
}

/* The services of the old generation end after its last worker. */
static void
change_services(struct master *master)
{
	struct generation *generation = master->generation;

	for (size_t i = 0; i < SERVICES_COUNT; i++)
		workers_leave_to(
		    &master->workers, master->services.all[i].pid, false);
	services_change(&master->services, &generation->config);
	workers_leave_services(&master->workers);
	for (size_t i = 0; i < SERVICES_COUNT; i++) {
		struct service *service = &master->services.all[i];

		master->workers.services[i] =
		    service->is_wanted ? service : NULL;
	}
	master->workers.services[WORKERS_KEYS] =
	    generation->tls != NULL ? &generation->keys.service : NULL;
}

/*
 * Starts the index process if it is due.  After a start of the server, waits
 * for a moment until the process has opened the index: lists of files are those
 * of the last run before that.
 */
static void
start_index_due(struct master *master)
{
	struct pollfd line;
	char word;

	service_start_due(&master->index);
	if (master->index.pid == 0)
		return;
	line = (struct pollfd){ .fd = master->index.line, .events = POLLIN };
	if (generation_is_stale(master->generation) &&
	    poll(&line, 1, INDEX_OPENS_MS) == 1)
		(void)recv(line.fd, &word, 1, MSG_DONTWAIT);
	generation_mark_stale(master->generation, false);
	master->rebuilds = false;
}

/*
 * Replaces the old generation: the new workers start on the same sockets before
 * the old ones are told to end, so that no client waits in vain.
 */
static void
change_generation(struct master *master, struct generation *generation,
    const struct listeners *listeners, struct worker_slot *slots)
{
	size_t old_children = master->workers.child_count;

	if (master->generation != NULL)
		generation_succeed(generation, master->generation);
	else if (!master->reexec->is_successor)
		generation_mark_stale(generation, true);
	if (master->generation != NULL)
		workers_leave_to(&master->workers,
		    master->generation->keys.service.pid, false);
	let_go(master, listeners);
	master->listeners = *listeners;
	workers_set_slots(&master->workers, slots, generation->config.workers);
	master->generation = generation;
	log_set_debug(generation->config.verbose);
	change_services(master);
	/* Only one process may write the index; ending it loses no data. */
	service_stop(&master->index);
	service_init(&master->index);
	master->index.is_wanted = generation->state.fd != -1;
	start_index_due(master);
	services_start_due(&master->services);
	workers_start_due(&master->workers);
	/* Keep the old workers if no new one could be started. */
	if (master->workers.child_count > old_children)
		retire(master, old_children);
}

/* Whether a certificate is in use, by this process or its predecessor. */
static bool
has_keys(const struct master *master)
{
	return master->generation != NULL ? master->generation->tls != NULL
					  : master->reexec->has_keys;
}

static struct generation_setup
setup_of(struct master *master)
{
	struct generation_setup setup = { .media = master->media,
		.missing = CERT_MAKE,
		.forget = children_forget_shared,
		.context = master };

	setup.state = master->generation != NULL ? &master->generation->state
						 : &master->left;
	/*
	 * No key is made where one was in use, which may be missing only
	 * briefly; a new host gets one.
	 */
	if (master->generation != NULL && master->generation->tls != NULL)
		setup.known = master->generation->names;
	else if (has_keys(master))
		setup.missing = CERT_REFUSE;
	return setup;
}

/* Each worker needs a socket of its own at each listener. */
static void
limit_workers(struct config *config, const struct listeners *listeners)
{
	if (config->workers <= listeners->sockets_each)
		return;
	log_line(LOG_LEVEL_WARN, "master: more than %zu workers need a restart",
	    listeners->sockets_each);
	config->workers = (unsigned)listeners->sockets_each;
}

/* Reloads from `config`, which it takes; -1 with `error` and no change. */
static int
load(struct master *master, struct config *config, char *error,
    size_t error_size)
{
	const struct listeners *old =
	    master->listeners.count > 0 ? &master->listeners : NULL;
	struct generation *generation = calloc(1, sizeof *generation);
	struct listeners listeners = { 0 };
	struct worker_slot *slots = NULL;
	const struct statussocket_setup at = { config->status,
		&master->status };
	struct statussocket status = { .fd = -1 };
	const struct generation_setup setup = setup_of(master);

	snprintf(error, error_size, "out of memory");
	listeners_mend(&master->listeners);
	if (generation == NULL ||
	    listeners_open(&listeners, config, old, error, error_size) == -1 ||
	    statussocket_open(&status, &at, error, error_size) == -1) {
		config_release(config);
		goto failed;
	}
	limit_workers(config, &listeners);
	slots = workers_slots(config->workers);
	if (slots == NULL) {
		config_release(config);
		goto failed;
	}
	if (generation_init(generation, config, &setup) == -1) {
		snprintf(error, error_size, "%s", generation->error);
		goto failed;
	}
	state_close(&master->left);
	statussocket_close(&master->status, &status);
	master->status = status;
	change_generation(master, generation, &listeners, slots);
	return 0;
failed:
	statussocket_close(&status, &master->status);
	listeners_close(&listeners, old);
	free(generation);
	free(slots);
	return -1;
}

/* A reload is over when no worker is left that accepts by the old settings. */
static void
end_reload(struct master *master, bool is_at_once)
{
	if (!master->reloading ||
	    (!is_at_once && workers_accept_late(&master->workers)))
		return;
	master->reloading = false;
	manager_ready(&master->generation->config, NULL);
}

/*
 * If an update has replaced the program, makes its execution due. The listeners
 * stay open meanwhile, so no client is refused.
 */
static void
note_replacement(struct master *master)
{
	char path[PATH_MAX];

	master->is_replaced = system_program_is_replaced(path);
	if (!master->is_replaced)
		return;
	master->faulted = true;
	master->execution_due = clock_now();
}

static void
reload(struct master *master)
{
	char error[4608];
	struct config config;

	signals.reload = 0;
	end_reload(master, true);
	manager_reloading();
	if (config_load(&config, master->options) == -1)
		snprintf(error, sizeof error, "%s", config.error);
	else if (load(master, &config, error, sizeof error) == 0) {
		log_line(LOG_LEVEL_INFO, "reloaded");
		ready_log(&master->listeners, &master->generation->config);
		generation_log_made(master->generation);
		master->reloading = true;
		master->last_reload = "done";
		note_replacement(master);
		return;
	}
	master->last_reload = "failed";
	if (signals.stop == 0)
		log_line(LOG_LEVEL_ERROR,
		    "reload: %s; keeping the old configuration", error);
	manager_ready(&master->generation->config, error);
}

static void
stop(struct master *master)
{
	master->stopping = true;
	log_line(LOG_LEVEL_INFO, "stopping");
	end_reload(master, true);
	notify_send("STOPPING=1\nSTATUS=waiting for the last clients");
	drain_listeners(&master->listeners);
	listeners_close(&master->listeners, NULL);
	service_stop(&master->index);
	retire(master, master->workers.child_count);
}

/* Whether no child is started any more before the next execution. */
static bool
is_to_be_executed(const struct master *master)
{
	return master->faulted && clock_until_ms(&master->execution_due) == 0;
}

/*
 * Whether a reload may begin: not if reloads come faster than old workers end,
 * and not after a fault, since the successor loads everything anew.
 */
static bool
may_reload(const struct master *master)
{
	return signals.reload && !master->stopping &&
	    !is_to_be_executed(master) &&
	    master->workers.child_count <=
	    master->workers.slot_count + RETIRED_MAX;
}

/* Waits for a signal, a message of another process, or the next due time. */
static void
wait_for_signal(const struct master *master)
{
	static struct pollfd lines[WORKERS_MAX + 2];
	size_t count = workers_poll(&master->workers, lines);
	struct timespec timeout;
	long ms = workers_due_ms(&master->workers, PAUSE_LONGEST_MS);

	ms = service_due_ms(&master->index, ms);
	ms = service_due_ms(&master->generation->keys.service, ms);
	ms = services_due_ms(&master->services, ms);
	ms = keys_due_ms(&master->generation->keys, ms);
	ms = manager_due_ms(&master->manager, ms);
	if (master->faulted)
		ms = clock_sooner_ms(&master->execution_due, ms);
	if (master->generation->readers.count > 0)
		ms = clock_sooner_ms(&master->readers_at, ms);
	/* A signal may have come during a reload. */
	if (signals.child || may_reload(master) ||
	    (signals.stop > 0 && !master->stopping))
		ms = 0;
	/* A killed worker's end arrives as a signal, too. */
	if (ms < 10)
		ms = 10;
	timeout = (struct timespec){ .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };
	lines[count++] =
	    (struct pollfd){ .fd = master->generation->keys.service.line,
		    .events = POLLIN };
	lines[count++] =
	    (struct pollfd){ .fd = statussocket_polled(&master->status),
		    .events = POLLIN };
	(void)ppoll(lines, count, &timeout, &master->waiting);
}

static void
start_services(struct master *master)
{
	service_start_due(&master->generation->keys.service);
	services_start_due(&master->services);
}

/* Executes the program, or goes on if that fails. */
static void
execute(struct master *master)
{
	char path[PATH_MAX];
	bool replaced = master->is_replaced && system_program_is_replaced(path);
	unsigned pause_ms = reexec_pause_next(
	    master->execution_pause_ms, &master->execution_due);
	const struct reexec_estate estate = {
		.listeners = &master->listeners,
		.workers = &master->workers,
		.grace_ms = generation_grace_ms(master->generation),
		.state = &master->generation->state,
		.index = &master->index,
		.keys = &master->generation->keys.service,
		.services = &master->services,
		.has_keys = has_keys(master),
		.execution_pause_ms = pause_ms,
		.program = replaced ? path : NULL,
	};

	if (!reexec_is_due(&estate))
		return;
	/* The remaining workers need signatures for handshakes. */
	service_start_due(&master->generation->keys.service);
	reexec_run(master->reexec, &estate);
	master->faulted = master->is_replaced = false;
	master->execution_pause_ms = pause_ms;
	master->execution_due = clock_in(pause_ms);
}

/*
 * Starts the children that are due; after a fault, by executing itself first.
 * Before that is due they are forked, and have the old memory layout.
 */
static void
start_due(struct master *master)
{
	if (is_to_be_executed(master))
		execute(master);
	if (is_to_be_executed(master))
		return;
	start_services(master);
	workers_start_due(&master->workers);
	start_index_due(master);
}

static void
hear_keys(struct master *master)
{
	struct keys *keys = &master->generation->keys;

	if (workers_listen(&master->workers, WORKER_KEYS_SILENT))
		keys_ping(keys);
	keys_listen(keys);
	keys_watch(keys);
}

/* Reads the lists of readers again, and gives changes to the workers. */
static void
look_at_readers(struct master *master)
{
	struct readerlists *lists = &master->generation->readers;

	if (lists->count == 0 || clock_until_ms(&master->readers_at) > 0)
		return;
	master->readers_at = clock_in(READERS_MS);
	if (readerlists_look(lists) || master->owes_readers)
		master->owes_readers =
		    !workers_send(&master->workers, WORKERS_READERS, lists->fd);
}

static void
supervise(struct master *master)
{
	while (!master->stopping || master->workers.child_count > 0) {
		wait_for_signal(master);
		children_reap(master);
		/* The master wakes often enough: see visitors_keep. */
		capsules_keep_visitors(&master->generation->capsules);
		if (signals.stop > 0 && !master->stopping)
			stop(master);
		else if (may_reload(master))
			reload(master);
		hear_keys(master);
		end_reload(master, false);
		look_at_readers(master);
		manager_check(&master->manager, &master->workers,
		    &master->services, master->stopping);
		statustext_answer(master);
		if (!master->stopping)
			start_due(master);
		else
			start_services(master);
		workers_kill_overdue(&master->workers, signals.stop > 1);
		workers_kill_leftovers(&master->workers);
	}
	log_line(LOG_LEVEL_INFO, "stopped");
}

int
master_run(struct config *config, const struct options *options,
    const struct reexec *reexec)
{
	static struct master master;
	char error[4608];
	int status = 1;

	master = (struct master){
		.options = options,
		.reexec = reexec,
		.left = { .fd = -1, .lock = -1 },
		.listeners = reexec->listeners,
		.execution_pause_ms = reexec->execution_pause_ms,
		.execution_due = clock_in(reexec->execution_pause_ms),
		.status = { .fd = -1 },
		.last_reload = "none",
		.since = clock_wall().tv_sec,
	};
	if (startup_begin(&master, error, sizeof error) == -1) {
		config_release(config);
		goto done;
	}
	startup_adopt(&master, config);
	if (load(&master, config, error, sizeof error) == -1) {
		status = signals.stop > 0 ? 0 : 1;
		goto done;
	}
	startup_announce(&master);
	manager_init(&master.manager);
	manager_ready(&master.generation->config, NULL);
	supervise(&master);
	service_stop(&master.generation->keys.service);
	workers_end_leftovers(&master.workers);
	services_finish(&master.services);
	let_go(&master, NULL);
	statussocket_close(&master.status, NULL);
	workers_set_slots(&master.workers, NULL, 0);
	status = 0;
done:
	if (status != 0) {
		log_line(LOG_LEVEL_ERROR, "%s", error);
		notify_error("STATUS=", error);
	}
	limit_free(master.limits);
	media_free(master.media);
	return status;
}
