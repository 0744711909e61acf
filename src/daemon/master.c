/*
 * The process that keeps the others alive.  Knows signals, forks and when
 * to let an old generation go; never reads a byte from a client.
 */
#include "daemon/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/worker.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "tree/media.h"

/* Workers at once, those included that a reload has retired. */
#define WORKERS_MAX 1024
/* Retired workers above which a reload waits for some to end. */
#define RETIRED_MAX 256
/* A worker that lived this long did not die of its start. */
#define HEALTHY_MS 10000
/* For a worker to end after its own deadline. */
#define GRACE_MS 1000
#define PAUSE_FIRST_MS 100
#define PAUSE_LONGEST_MS 30000

struct child {
	pid_t pid; /* 0: not running, to be started at `due` */
	size_t slot;
	size_t number; /* for the limits */
	bool retired; /* told to end */
	struct timespec end_by; /* of a retired one, before it is killed */
	struct timespec started;
};

/* The place of a worker: it outlives those who fill it. */
struct place {
	bool empty;
	unsigned pause_ms; /* before the next one, if this dies young too */
	struct timespec due;
};

struct master {
	const struct options *options;
	struct generation *generation;
	struct media *media;
	struct limit_table *limits;
	struct listeners listeners;
	int lifeline[2]; /* the workers have the reading end */
	struct child children[WORKERS_MAX];
	size_t child_count;
	struct place *places; /* one for each worker of this generation */
	size_t place_count;
	bool stopping;
	sigset_t waiting; /* the signals let in while the master waits */
};

/* Signal handlers can only set flags. */
static volatile sig_atomic_t wants_reload, wants_stop;

static void
on_signal(int number)
{
	if (number == SIGHUP)
		wants_reload = 1;
	else if (number != SIGCHLD)
		wants_stop++;
}

static int
set_signals(struct master *master)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		sigaddset(&blocked, numbers[i]);
		if (sigaction(numbers[i], &action, NULL) == -1)
			return -1;
	}
	/* A reader of the log that went away is no reason to end. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	return sigprocmask(SIG_BLOCK, &blocked, &master->waiting);
}

/*
 * In a worker: the terminal's signals are the master's to act on, and
 * SIGTERM has to wait until there is a handler for it.
 */
static int
set_worker_signals(const struct master *master)
{
	if (signal(SIGHUP, SIG_IGN) == SIG_ERR ||
	    signal(SIGINT, SIG_IGN) == SIG_ERR ||
	    signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    signal(SIGTERM, SIG_DFL) == SIG_ERR)
		return -1;
	return sigprocmask(SIG_SETMASK, &master->waiting, NULL);
}

static NO_RETURN void
be_worker(struct master *master, size_t slot, size_t number)
{
	struct worker_socket *sockets =
	    calloc(listeners_room(&master->listeners), sizeof *sockets);
	struct generation *generation = master->generation;
	struct worker_setup setup = {
		.config = &generation->config,
		.server = &generation->server,
		.tls = generation->tls,
		.jail = &generation->jail,
		.sockets = sockets,
		.lifeline = master->lifeline[0],
		.limits = master->limits,
		.number = number,
	};
	int status = EXIT_FAILURE;

	close(master->lifeline[1]);
	listeners_close_others(&master->listeners, slot, master->place_count);
	if (sockets == NULL || set_worker_signals(master) == -1) {
		log_line(LOG_LEVEL_ERROR, "worker: cannot start: %s",
		    strerror(errno));
	} else {
		setup.socket_count = listeners_of_worker(
		    &master->listeners, slot, master->place_count, sockets);
		status = worker_run(&setup);
	}
	free(sockets);
	exit(status);
}

static void
start_worker(struct master *master, size_t slot)
{
	struct place *place = &master->places[slot];
	size_t number = limit_worker_begin(master->limits);
	pid_t pid = -1;

	if (master->child_count < WORKERS_MAX)
		pid = fork();
	else
		errno = EAGAIN;
	if (pid == 0)
		be_worker(master, slot, number);
	if (pid == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "master: cannot start a worker: %s; trying again",
		    strerror(errno));
		place->empty = true;
		place->due = clock_in(PAUSE_LONGEST_MS);
		limit_worker_end(master->limits, number);
		return;
	}
	place->empty = false;
	master->children[master->child_count++] = (struct child){
		.pid = pid,
		.slot = slot,
		.number = number,
		.started = clock_now(),
	};
}

static void
start_due(struct master *master)
{
	for (size_t i = 0; i < master->place_count && !master->stopping; i++)
		if (master->places[i].empty &&
		    clock_until_ms(&master->places[i].due) == 0)
			start_worker(master, i);
}

/* Tells the oldest `count` children to end. */
static void
retire(struct master *master, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!master->children[i].retired) {
			master->children[i].retired = true;
			master->children[i].end_by = clock_in(
			    master->generation->config.shutdown_timeout_ms +
			    GRACE_MS);
			kill(master->children[i].pid, SIGTERM);
		}
}

/* A worker ends by itself in time, unless something is wrong with it. */
static void
kill_overdue(const struct master *master)
{
	for (size_t i = 0; i < master->child_count; i++)
		if (master->children[i].retired &&
		    (wants_stop > 1 ||
			clock_until_ms(&master->children[i].end_by) == 0))
			kill(master->children[i].pid, SIGKILL);
}

static void
describe_death(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

/* A worker that nobody asked to end is replaced, after a growing pause. */
static void
replace(struct master *master, const struct child *dead, int status)
{
	struct place *place = &master->places[dead->slot];
	char text[128];

	if (clock_since_ms(&dead->started) >= HEALTHY_MS)
		place->pause_ms = 0;
	describe_death(status, text, sizeof text);
	log_line(LOG_LEVEL_ERROR,
	    "master: worker %ld ended: %s; another one in %u ms",
	    (long)dead->pid, text, place->pause_ms);
	place->empty = true;
	place->due = clock_in(place->pause_ms);
	place->pause_ms =
	    place->pause_ms == 0 ? PAUSE_FIRST_MS : place->pause_ms * 2;
	if (place->pause_ms > PAUSE_LONGEST_MS)
		place->pause_ms = PAUSE_LONGEST_MS;
}

static void
reap(struct master *master)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < master->child_count; i++) {
			struct child dead = master->children[i];

			if (dead.pid != pid)
				continue;
			limit_worker_end(master->limits, dead.number);
			master->child_count--;
			memmove(&master->children[i], &master->children[i + 1],
			    (master->child_count - i) *
				sizeof *master->children);
			if (!dead.retired && !master->stopping)
				replace(master, &dead, status);
			break;
		}
}

/* A worker whose start is due at once in each of `count` places. */
static struct place *
new_places(size_t count)
{
	struct place *places = calloc(count, sizeof *places);

	for (size_t i = 0; places != NULL && i < count; i++)
		places[i].empty = true;
	return places;
}

static void
let_go(struct master *master, const struct listeners *kept)
{
	listeners_close(&master->listeners, kept);
	free(master->places);
	if (master->generation != NULL)
		generation_release(master->generation);
	free(master->generation);
}

/*
 * Puts a new generation in the old one's place: its workers start on the
 * same sockets before the old ones are told to end, so that nobody waits in
 * vain.
 */
static void
change_generation(struct master *master, struct generation *generation,
    const struct listeners *listeners, struct place *places)
{
	size_t old_children = master->child_count;

	let_go(master, listeners);
	master->listeners = *listeners;
	master->places = places;
	master->place_count = generation->config.workers;
	master->generation = generation;
	log_set_debug(generation->config.verbose);
	start_due(master);
	/* Those who are there are better than nobody. */
	if (master->child_count > old_children)
		retire(master, old_children);
}

/*
 * Loads everything anew from `config`, taken; -1 with a line in `error`, and
 * nothing changed.
 */
static int
load(struct master *master, struct config *config, char *error,
    size_t error_size)
{
	const struct listeners *old =
	    master->generation != NULL ? &master->listeners : NULL;
	struct generation *generation = calloc(1, sizeof *generation);
	struct listeners listeners = { 0 };
	struct place *places = NULL;

	snprintf(error, error_size, "out of memory");
	if (generation == NULL ||
	    listeners_open(&listeners, config, old, error, error_size) == -1) {
		config_release(config);
		goto failed;
	}
	if (config->workers > listeners.sockets_each) {
		log_line(LOG_LEVEL_WARN,
		    "master: more than %zu workers need a restart",
		    listeners.sockets_each);
		config->workers = listeners.sockets_each;
	}
	places = new_places(config->workers);
	if (places == NULL) {
		config_release(config);
		goto failed;
	}
	if (generation_init(generation, config, master->media) == -1) {
		snprintf(error, error_size, "%s", generation->error);
		goto failed;
	}
	change_generation(master, generation, &listeners, places);
	return 0;
failed:
	listeners_close(&listeners, old);
	free(generation);
	free(places);
	return -1;
}

static void
reload(struct master *master)
{
	char error[4608];
	struct config config;

	/* Loads that pile up faster than clients leave would add workers. */
	if (master->child_count > master->place_count + RETIRED_MAX)
		return;
	wants_reload = 0;
	if (config_load(&config, master->options) == -1)
		snprintf(error, sizeof error, "%s", config.error);
	else if (load(master, &config, error, sizeof error) == 0) {
		log_line(LOG_LEVEL_INFO, "reloaded");
		listeners_log_ready(
		    &master->listeners, &master->generation->config);
		return;
	}
	log_line(LOG_LEVEL_ERROR, "reload: %s; the old configuration goes on",
	    error);
}

static void
stop(struct master *master)
{
	master->stopping = true;
	log_line(LOG_LEVEL_INFO, "stopping");
	listeners_close(&master->listeners, NULL);
	retire(master, master->child_count);
}

static long
sooner(long ms, const struct timespec *due)
{
	long due_ms = clock_until_ms(due);

	return due_ms < ms ? due_ms : ms;
}

/* Waits for a signal, or for the next thing that is due. */
static void
wait_for_signal(const struct master *master)
{
	struct timespec timeout;
	long ms = PAUSE_LONGEST_MS;

	for (size_t i = 0; i < master->place_count; i++)
		if (master->places[i].empty)
			ms = sooner(ms, &master->places[i].due);
	for (size_t i = 0; i < master->child_count; i++)
		if (master->children[i].retired)
			ms = sooner(ms, &master->children[i].end_by);
	/* A killed worker's end arrives as a signal too. */
	if (ms < 10)
		ms = 10;
	timeout = (struct timespec){ .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };
	(void)pselect(0, NULL, NULL, NULL, &timeout, &master->waiting);
}

static void
supervise(struct master *master)
{
	while (!master->stopping || master->child_count > 0) {
		wait_for_signal(master);
		reap(master);
		if (wants_stop > 0 && !master->stopping)
			stop(master);
		else if (wants_reload && !master->stopping)
			reload(master);
		start_due(master);
		kill_overdue(master);
	}
	log_line(LOG_LEVEL_INFO, "stopped");
}

/* As many clients as the system lets us have. */
static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
master_run(struct config *config, const struct options *options)
{
	static struct master master;
	char error[4608];
	int status = 1;

	master = (struct master){ .options = options };
	raise_limits();
	master.media = media_new(error, sizeof error);
	if (master.media == NULL) {
		config_release(config);
		goto done;
	}
	master.limits = limit_new();
	if (master.limits == NULL || pipe2(master.lifeline, O_CLOEXEC) == -1 ||
	    set_signals(&master) == -1) {
		snprintf(
		    error, sizeof error, "cannot start: %s", strerror(errno));
		config_release(config);
		goto done;
	}
	if (load(&master, config, error, sizeof error) == -1)
		goto done;
	jail_log(&master.generation->jail);
	listeners_log_ready(&master.listeners, &master.generation->config);
	listeners_log_open(&master.generation->config);
	supervise(&master);
	let_go(&master, NULL);
	status = 0;
done:
	if (status != 0)
		fprintf(stderr, "capsuled: %s\n", error);
	limit_free(master.limits);
	media_free(master.media);
	return status;
}
