/*
 * The process that keeps the index up to date: decides when to scan the tree
 * again.
 */
#include "daemon/indexer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index/builder.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "sys/system.h"
#include "sys/watch.h"

/* Changes often come in bursts: wait for a pause, but with a limit. */
#define QUIET_MS 200
#define LONGEST_MS 1500
/* The interval between scans without change notifications. */
#define LOOK_MS 2000
/* With notifications: for files that had just changed or were unreadable. */
#define LOOK_AGAIN_MS 60000
/* Full scans, for file systems without notifications from other machines. */
#define LOOK_AT_ALL_MS 600000
/* The most paths from notifications; beyond it the whole tree is scanned. */
#define PATHS_MAX 256
/* Rests between scans limit them to 1/SHARE of the time. */
#define SHARE 10
/* A change during one scan is found by the next scan within this time. */
#define FRESH_MS 4500
/* A scan publishes the results of this time before it goes on. */
#define LOOK_SHARED_MS 1000
#define FAILED_MS 30000

struct indexer {
	const struct indexer_setup *setup;
	struct builder *build;
	struct watch *watch; /* NULL: no notifications, or incomplete ones */
	struct pathlist paths; /* reported as changed */
	bool looks_at_all; /* the next scan is a full one */
	struct timespec all_at; /* when a full scan is due */
	bool made; /* an index was made before */
	bool lost; /* the master is gone */
	struct indexer_schedule schedule;
};

static void
watch_no_more(struct indexer *indexer)
{
	watch_close(indexer->watch);
	indexer->watch = NULL;
	log_line(LOG_LEVEL_WARN,
	    "index: the system's limit of watches is reached, so the tree is "
	    "scanned every %d s; raise fs.inotify.max_user_watches",
	    LOOK_MS / 1000);
}

static int
on_directory(void *context, const char *directory)
{
	struct indexer *indexer = context;

	if (indexer->watch != NULL &&
	    watch_add(indexer->watch, directory) == -1)
		watch_no_more(indexer);
	return 0;
}

static void
complain(int error)
{
	if (error == ENOSPC)
		log_line(LOG_LEVEL_ERROR,
		    "index: no room for a new one, keeping the old one; free "
		    "some space, or name another directory with the setting "
		    "state, or TMPDIR");
	else
		log_line(LOG_LEVEL_ERROR,
		    "index: cannot be updated: %s; keeping the old one",
		    strerror(error));
}

/* Logs a new index and trims memory. */
static void
note(struct indexer *indexer, const char *what, long took)
{
	log_line(LOG_LEVEL_DEBUG, "index%s ms=%ld", what, took);
	indexer->made = true;
	/* The memory is not needed until the next scan. */
	system_trim();
}

long
indexer_rest_ms(long took_ms)
{
	long most = FRESH_MS - 2 * took_ms;
	long rest = took_ms * (SHARE - 1);

	return most < 0 ? 0 : rest < most ? rest : most;
}

/* Sets the time of the next scan from the duration of the last one. */
static void
set_next_scan(struct indexer *indexer, int result, long took)
{
	long pause = indexer->watch == NULL ? LOOK_MS : LOOK_AGAIN_MS;

	if (result == -1)
		pause = FAILED_MS;
	else if (builder_has_more(indexer->build))
		pause = 0;
	else if (took * SHARE > pause)
		pause = took * SHARE;
	if (result == -1 || builder_has_more(indexer->build))
		indexer->looks_at_all = true;
	indexer->schedule.look_at = clock_in((unsigned)pause);
}

/* Scans the changed paths, or the whole tree; false on failure. */
static bool
scan(struct indexer *indexer)
{
	struct timespec started = clock_now();
	bool all = indexer->watch == NULL || indexer->looks_at_all ||
	    clock_until_ms(&indexer->all_at) <= 0;
	int result, error;
	long took;

	/* Changes during a scan count for the next scan. */
	indexer->schedule.news = false;
	indexer->looks_at_all = false;
	result = builder_update(indexer->build, all ? NULL : &indexer->paths);
	error = errno;
	took = clock_since_ms(&started);
	pathlist_release(&indexer->paths);
	if (all)
		indexer->all_at = clock_in(LOOK_AT_ALL_MS);
	if (result == -1 && !indexer->lost)
		complain(error);
	/* Do not rest after the first scan: it is longer than the others. */
	if (result == 1 && indexer->made)
		indexer->schedule.rests_until =
		    clock_in((unsigned)indexer_rest_ms(took));
	if (result == 1)
		note(indexer, "", took);
	set_next_scan(indexer, result, took);
	return result != -1;
}

/* Checks whether the master has closed its socket; it sends no messages. */
static void
check_line(struct indexer *indexer)
{
	char word;
	int fd;
	int result = fdpass_receive(indexer->setup->line, &word, &fd);

	fdpass_close(fd);
	indexer->lost |= result == 0 || (result == -1 && errno != EAGAIN);
}

static long
least(long a, long b)
{
	return a < b ? a : b;
}

long
indexer_due_ms(const struct indexer_schedule *schedule)
{
	long ms = clock_until_ms(&schedule->look_at), rest, heard;

	if (schedule->news) {
		heard = least(QUIET_MS - clock_since_ms(&schedule->last),
		    LONGEST_MS - clock_since_ms(&schedule->first));
		rest = clock_until_ms(&schedule->rests_until);
		ms = least(ms, heard > rest ? heard : rest);
	}
	return ms < 0 ? 0 : ms;
}

static long
look_due_ms(const struct indexer *indexer)
{
	return indexer->lost ? 0 : indexer_due_ms(&indexer->schedule);
}

/*
 * Records the path of a change, from the root; NULL: anything may have changed.
 */
static void
on_change(void *context, const char *path)
{
	struct indexer *indexer = context;
	struct pathlist *paths = &indexer->paths;
	char rooted[PATH_MAX + 1];

	if (indexer->looks_at_all)
		return;
	if (path == NULL || strlen(path) >= PATH_MAX ||
	    paths->count == PATHS_MAX) {
		indexer->looks_at_all = true;
		return;
	}
	snprintf(rooted, sizeof rooted, "/%s", path);
	/* Most notifications repeat a path: a file is written, then closed. */
	if (!pathlist_has(paths, str_of(rooted)) &&
	    pathlist_add(paths, str_of(rooted)) == -1)
		indexer->looks_at_all = true;
}

/* Reads notifications; with `waits`, waits for them until a scan is due. */
static void
hear(struct indexer *indexer, bool waits)
{
	struct indexer_schedule *schedule = &indexer->schedule;
	struct watch *watch = indexer->watch;
	struct pollfd fds[] = {
		{ .fd = indexer->setup->line, .events = POLLIN },
		{ .fd = watch != NULL ? watch_fd(watch) : -1, .events = POLLIN }
	};

	if (poll(fds, 2, waits ? (int)look_due_ms(indexer) : 0) < 1)
		return;
	if (fds[0].revents != 0)
		check_line(indexer);
	if (fds[1].revents == 0 || !watch_read(watch, on_change, indexer))
		return;
	schedule->last = clock_now();
	if (!schedule->news)
		schedule->first = schedule->last;
	schedule->news = true;
}

/* Reads pending notifications; whether a scan is due. */
static bool
is_scan_due(struct indexer *indexer)
{
	hear(indexer, false);
	return look_due_ms(indexer) == 0;
}

/* Scans the tree while files are hashed, when it is due. */
static int
on_idle(void *context)
{
	struct indexer *indexer = context;

	if (is_scan_due(indexer) && !indexer->lost)
		(void)scan(indexer);
	return indexer->lost ? -1 : 0;
}

/* Hashes the files that scans left over. */
static void
hash_rest(struct indexer *indexer)
{
	struct timespec started = clock_now();
	int result = builder_hash(indexer->build);

	if (result == 1)
		note(indexer, " hashes", clock_since_ms(&started));
	if (result != -1 || indexer->lost)
		return;
	complain(errno);
	indexer->looks_at_all = true;
	indexer->schedule.look_at = clock_in(FAILED_MS);
}

static int
keep_index(struct indexer *indexer)
{
	const struct indexer_setup *setup = indexer->setup;
	const struct builder_setup parts = {
		.tree = setup->tree,
		.media = setup->media,
		.english = site_is_english(&setup->config->hosts->site),
		.place = setup->place,
		.waits_for_look = setup->waits_for_look,
		.rebuilds = setup->rebuilds,
		.enter = on_directory,
		.idle = on_idle,
		.context = indexer,
		.look_ms = LOOK_SHARED_MS,
	};

	indexer->build = builder_new(&parts);
	if (indexer->build == NULL)
		return -1;
	builder_open(indexer->build);
	if (write(setup->line, INDEXER_OPEN, 1) == -1 && errno == EPIPE)
		indexer->lost = true;
	while (!indexer->lost) {
		if (scan(indexer) && !is_scan_due(indexer))
			hash_rest(indexer);
		while (!is_scan_due(indexer))
			hear(indexer, true);
	}
	builder_free(indexer->build);
	return 0;
}

int
indexer_run(const struct indexer_setup *setup)
{
	const struct jail_access access = { JAIL_INDEXER, setup->tree->root,
		setup->place->directory, -1 };
	struct indexer indexer = { .setup = setup,
		.watch = setup->config->watch ? watch_open() : NULL,
		.looks_at_all = true };
	int status = EXIT_SUCCESS;

	/* Watches use paths, which are relative to the root. */
	if (fchdir(setup->tree->root) == -1 ||
	    jail_enter(setup->jail, &access) == -1 ||
	    keep_index(&indexer) == -1) {
		log_line(LOG_LEVEL_ERROR, "index: cannot go on: %s",
		    strerror(errno));
		status = EXIT_FAILURE;
	}
	watch_close(indexer.watch);
	return status;
}
