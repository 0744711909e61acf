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

struct indexer;

/* The index of one capsule. */
struct indexed {
	struct indexer *indexer;
	size_t number; /* of the host */
	struct builder_setup parts;
	struct builder *build;
	struct pathlist paths; /* reported as changed */
	bool looks_at_all; /* the next scan is a full one */
	struct timespec all_at; /* when a full scan is due */
	bool made; /* an index was made before */
	bool has_rest; /* a scan may have left files to hash */
	long took_ms; /* by the last scan */
	struct indexer_schedule schedule;
};

struct indexer {
	const struct indexer_setup *setup;
	struct indexed *all;
	size_t count;
	struct indexed *open; /* stays open after a scan */
	size_t directory; /* the current one: the root of this tree */
	struct watch *watch; /* NULL: no notifications, or incomplete ones */
	bool lost; /* the master is gone */
};

static void
watch_no_more(struct indexer *indexer)
{
	watch_close(indexer->watch);
	indexer->watch = NULL;
	/* With notifications, the next scans may be minutes away. */
	for (size_t i = 0; i < indexer->count; i++)
		indexer->all[i].schedule.look_at = clock_in(LOOK_MS);
	log_line(LOG_LEVEL_WARN,
	    "index: the system's limit of watches is reached, so the tree is "
	    "scanned every %d s; raise fs.inotify.max_user_watches",
	    LOOK_MS / 1000);
}

/* Watches use paths, which are relative to the root. */
static int
enter_root(struct indexer *indexer, const struct indexed *indexed)
{
	if (indexer->directory == indexed->number)
		return 0;
	if (fchdir(indexed->parts.tree->root) == -1)
		return -1;
	indexer->directory = indexed->number;
	return 0;
}

static int
on_directory(void *context, const char *directory)
{
	struct indexed *indexed = context;
	struct indexer *indexer = indexed->indexer;

	if (indexer->watch != NULL &&
	    (enter_root(indexer, indexed) == -1 ||
		watch_add(indexer->watch, indexed->number, directory) == -1))
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
note(struct indexed *indexed, const char *what, long took)
{
	log_line(LOG_LEVEL_DEBUG, "index%s ms=%ld", what, took);
	indexed->made = true;
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

/* The time of one scan of every capsule. */
static long
took_together_ms(const struct indexer *indexer)
{
	long ms = 0;

	for (size_t i = 0; i < indexer->count; i++)
		ms += indexer->all[i].took_ms;
	return ms;
}

/* Sets the time of the next scan from the durations of the last ones. */
static void
set_next_scan(struct indexed *indexed, int result)
{
	const struct indexer *indexer = indexed->indexer;
	bool more = builder_has_more(indexed->build);
	long pause = indexer->watch == NULL ? LOOK_MS : LOOK_AGAIN_MS;
	long took = took_together_ms(indexer);

	if (indexer->watch != NULL && builder_is_settled(indexed->build))
		pause = clock_until_ms(&indexed->all_at);
	if (result == -1)
		pause = FAILED_MS;
	else if (more)
		pause = 0;
	else if (took * SHARE > pause)
		pause = took * SHARE;
	if (result == -1 || more)
		indexed->looks_at_all = true;
	indexed->schedule.look_at = clock_in((unsigned)pause);
}

/*
 * Scans the changed paths, or the whole tree. Only the index that was used last
 * stays open: an open one takes more memory than all the rest of a host.
 */
static void
scan(struct indexed *indexed)
{
	struct indexer *indexer = indexed->indexer;
	struct timespec started = clock_now();
	bool all = indexer->watch == NULL || indexed->looks_at_all ||
	    clock_until_ms(&indexed->all_at) <= 0;
	int result, error;

	/* Changes during a scan count for the next scan. */
	indexed->schedule.news = false;
	indexed->looks_at_all = false;
	result = builder_update(indexed->build, all ? NULL : &indexed->paths);
	error = errno;
	indexed->took_ms = clock_since_ms(&started);
	pathlist_release(&indexed->paths);
	if (all)
		indexed->all_at = clock_in(LOOK_AT_ALL_MS);
	if (result == -1 && !indexer->lost)
		complain(error);
	/* Do not rest after the first scan: it is longer than the others. */
	if (result == 1 && indexed->made)
		indexed->schedule.rests_until =
		    clock_in((unsigned)indexer_rest_ms(indexed->took_ms));
	if (result == 1)
		note(indexed, "", indexed->took_ms);
	set_next_scan(indexed, result);
	indexed->has_rest |= result != -1;
	if (result != -1 && !builder_has_more(indexed->build))
		indexer->setup->capsules->scans[indexed->number].second =
		    started.tv_sec;
	if (indexer->open != indexed)
		builder_close(indexed->build);
}

/* Checks whether the master has closed its socket; it sends no messages. */
static void
check_line(struct indexer *indexer)
{
	char word;
	ssize_t result =
	    fdpass_receive_bytes(indexer->setup->line, &word, 1, 0);

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

/* Milliseconds until the next scan; sets `next` to its index. */
static long
look_due_ms(const struct indexer *indexer, struct indexed **next)
{
	long least_ms = LONG_MAX;

	*next = NULL;
	for (size_t i = 0; i < indexer->count; i++) {
		long ms = indexer_due_ms(&indexer->all[i].schedule);

		if (ms < least_ms) {
			least_ms = ms;
			*next = &indexer->all[i];
		}
	}
	return indexer->lost ? 0 : least_ms;
}

static void
hear_of(struct indexed *indexed, const char *path)
{
	struct pathlist *paths = &indexed->paths;
	struct indexer_schedule *schedule = &indexed->schedule;
	char rooted[PATH_MAX + 1];

	schedule->last = clock_now();
	if (!schedule->news)
		schedule->first = schedule->last;
	schedule->news = true;
	if (indexed->looks_at_all)
		return;
	if (path == NULL || strlen(path) >= PATH_MAX ||
	    paths->count == PATHS_MAX) {
		indexed->looks_at_all = true;
		return;
	}
	snprintf(rooted, sizeof rooted, "/%s", path);
	/* Most notifications repeat a path: a file is written, then closed. */
	if (!pathlist_has(paths, str_of(rooted)) &&
	    pathlist_add(paths, str_of(rooted)) == -1)
		indexed->looks_at_all = true;
}

/*
 * Records the path of a change, from the root; NULL: anything may have changed.
 */
static void
on_change(void *context, size_t number, const char *path)
{
	struct indexer *indexer = context;

	for (size_t i = 0; i < indexer->count; i++)
		if (number == WATCH_ANY || indexer->all[i].number == number)
			hear_of(&indexer->all[i], path);
}

/* Reads notifications; waits for them for up to `ms`. */
static void
hear(struct indexer *indexer, long ms)
{
	struct watch *watch = indexer->watch;
	struct pollfd fds[] = {
		{ .fd = indexer->setup->line, .events = POLLIN },
		{ .fd = watch != NULL ? watch_fd(watch) : -1, .events = POLLIN }
	};

	if (poll(fds, 2, (int)ms) < 1)
		return;
	if (fds[0].revents != 0)
		check_line(indexer);
	if (fds[1].revents != 0)
		(void)watch_read(watch, on_change, indexer);
}

/* Scans each tree for which that is due. */
static void
scan_due(struct indexer *indexer)
{
	struct indexed *next;

	for (;;) {
		hear(indexer, 0);
		if (look_due_ms(indexer, &next) > 0 || next == NULL ||
		    indexer->lost)
			return;
		scan(next);
	}
}

/* Scans trees while files are hashed. */
static int
on_idle(void *context)
{
	struct indexer *indexer = ((struct indexed *)context)->indexer;

	scan_due(indexer);
	return indexer->lost ? -1 : 0;
}

/* Hashes the files that scans left over. */
static void
hash_rest(struct indexed *indexed)
{
	struct indexer *indexer = indexed->indexer;
	struct timespec started = clock_now();
	int result;

	if (indexer->open != indexed)
		builder_close(indexer->open->build);
	indexer->open = indexed;
	indexed->has_rest = false;
	result = builder_hash(indexed->build);
	if (result == 1)
		note(indexed, " hashes", clock_since_ms(&started));
	/* Scan again for files that changed or could not be read meanwhile. */
	if (result == 1 &&
	    clock_until_ms(&indexed->schedule.look_at) > LOOK_AGAIN_MS)
		indexed->schedule.look_at = clock_in(LOOK_AGAIN_MS);
	if (result != -1 || indexer->lost)
		return;
	complain(errno);
	indexed->looks_at_all = true;
	indexed->schedule.look_at = clock_in(FAILED_MS);
}

/* Adds the index of a host. */
static int
add(struct indexer *indexer, size_t number)
{
	const struct indexer_setup *setup = indexer->setup;
	struct capsule *capsule = &setup->capsules->all[number];
	struct indexed *indexed = &indexer->all[indexer->count++];

	*indexed = (struct indexed){
		.indexer = indexer,
		.number = number,
		.looks_at_all = true,
		.parts = {
			.tree = &capsule->tree,
			.media = setup->media,
			.english = site_is_english(
			    &setup->config->hosts[number].site),
			.place = &capsule->place,
			.is_stale = capsule->is_stale,
			.rebuilds = setup->rebuilds,
			.enter = on_directory,
			.idle = on_idle,
			.context = indexed,
			.look_ms = LOOK_SHARED_MS,
		},
	};
	indexed->build = builder_new(&indexed->parts);
	return indexed->build == NULL ? -1 : 0;
}

/*
 * Opens each existing index that may be out of date, so that requests for its
 * list of files wait for the next scan.
 */
static void
open_all(struct indexer *indexer)
{
	for (size_t i = 0; i < indexer->count; i++) {
		struct indexed *indexed = &indexer->all[i];

		if (!indexed->parts.is_stale ||
		    !db_exists(indexed->parts.place))
			continue;
		builder_open_briefly(indexed->build);
	}
	if (write(indexer->setup->line, INDEXER_OPEN, 1) == -1 &&
	    errno == EPIPE)
		indexer->lost = true;
}

static int
keep_indices(struct indexer *indexer)
{
	const struct capsules *capsules = indexer->setup->capsules;

	indexer->all = calloc(capsules->count, sizeof *indexer->all);
	if (indexer->all == NULL)
		return -1;
	for (size_t i = 0; i < capsules->count; i++)
		if (capsules->all[i].is_indexed && add(indexer, i) == -1)
			return -1;
	open_all(indexer);
	indexer->open = indexer->all;
	while (!indexer->lost) {
		struct indexed *next;
		size_t i = 0;

		scan_due(indexer);
		while (i < indexer->count && !indexer->all[i].has_rest)
			i++;
		if (i < indexer->count)
			hash_rest(&indexer->all[i]);
		else
			hear(indexer, look_due_ms(indexer, &next));
	}
	return 0;
}

static void
release(struct indexer *indexer)
{
	watch_close(indexer->watch);
	for (size_t i = 0; i < indexer->count; i++) {
		builder_free(indexer->all[i].build);
		pathlist_release(&indexer->all[i].paths);
	}
	free(indexer->all);
}

int
indexer_run(const struct indexer_setup *setup)
{
	const struct jail_access access = { .role = JAIL_INDEXER,
		.roots = &setup->capsules->roots,
		.state = setup->state };
	struct indexer indexer = { .setup = setup,
		.directory = SIZE_MAX,
		.watch = setup->config->watch ? watch_open() : NULL };
	int status = EXIT_SUCCESS;

	if (jail_enter(setup->jail, &access) == -1 ||
	    keep_indices(&indexer) == -1) {
		log_line(LOG_LEVEL_ERROR, "index: cannot go on: %s",
		    strerror(errno));
		status = EXIT_FAILURE;
	}
	release(&indexer);
	return status;
}
