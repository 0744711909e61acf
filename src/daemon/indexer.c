/*
 * The process that reads every page.  Knows when to look at the tree again;
 * leaves the index to catalogbuild, and its file to the master.
 */
#include "daemon/indexer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/handover.h"
#include "sys/log.h"
#include "sys/system.h"
#include "sys/watch.h"
#include "tree/catalogbuild.h"

/* Many changes come together: it waits for them to end, but not for long. */
#define QUIET_MS 200
#define LONGEST_MS 1500
/* Without news of changes it looks this often. */
#define LOOK_MS 2000
/* With news too: at what had only just changed, or could not be read, */
#define LOOK_AGAIN_MS 60000
/* and at all, for file systems that have no news of other machines. */
#define LOOK_AT_ALL_MS 600000
/* Paths that news name; of more, the whole tree is looked at. */
#define PATHS_MAX 256
/* A look may take this part of the time, */
#define SHARE 10
/* as long as what changes during one is found by the end of the next in: */
#define FRESH_MS 4500
/* What has come in this time is given to visitors before the rest. */
#define LOOK_SHARED_MS 1000
#define FAILED_MS 30000

struct indexer {
	const struct indexer_setup *setup;
	struct watch *watch; /* NULL: no news, or not of everything */
	struct pathlist paths; /* of which there were news */
	bool looks_at_all; /* the next time, whatever there are news of */
	struct timespec all_at; /* that is due */
	bool made; /* an index, once */
	bool lost; /* the master is gone */
	struct indexer_schedule schedule;
};

static void
watch_no_more(struct indexer *indexer)
{
	watch_close(indexer->watch);
	indexer->watch = NULL;
	log_line(LOG_LEVEL_WARN,
	    "index: the system watches no more directories for us, so changes "
	    "are looked for every %d s; raise fs.inotify.max_user_watches",
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
		    "index: no room for it, so the last one goes on; make "
		    "room, or name a directory that has some with the setting "
		    "state, or TMPDIR");
	else
		log_line(LOG_LEVEL_ERROR,
		    "index: cannot be made: %s; the last one goes on",
		    strerror(error));
}

/* The index is another one now. */
static void
note(struct indexer *indexer, const char *what, long took)
{
	log_line(LOG_LEVEL_DEBUG, "index%s ms=%ld", what, took);
	indexer->made = true;
	/* What it took to make is not needed until the next time. */
	system_trim();
}

long
indexer_rest_ms(long took_ms)
{
	long most = FRESH_MS - 2 * took_ms;
	long rest = took_ms * (SHARE - 1);

	return most < 0 ? 0 : rest < most ? rest : most;
}

/* When to look again after a look that took so long. */
static void
set_next_look(struct indexer *indexer, struct catalogbuild *build, int result,
    long took)
{
	long pause = indexer->watch == NULL ? LOOK_MS : LOOK_AGAIN_MS;

	if (result == -1)
		pause = FAILED_MS;
	else if (catalogbuild_has_more(build))
		pause = 0;
	else if (took * SHARE > pause)
		pause = took * SHARE;
	if (result == -1 || catalogbuild_has_more(build))
		indexer->looks_at_all = true;
	indexer->schedule.look_at = clock_in((unsigned)pause);
}

/* Looks at what there are news of, or at all; false when it failed. */
static bool
look(struct indexer *indexer, struct catalogbuild *build)
{
	struct timespec started = clock_now();
	bool all = indexer->watch == NULL || indexer->looks_at_all ||
	    clock_until_ms(&indexer->all_at) <= 0;
	int result, error;
	long took;

	indexer->looks_at_all = false;
	result = catalogbuild_update(build, all ? NULL : &indexer->paths);
	error = errno;
	took = clock_since_ms(&started);
	pathlist_release(&indexer->paths);
	if (all)
		indexer->all_at = clock_in(LOOK_AT_ALL_MS);
	if (result == -1 && !indexer->lost)
		complain(error);
	/* The first is all that there is, and no measure for the others. */
	if (result == 1 && indexer->made)
		indexer->schedule.rests_until =
		    clock_in((unsigned)indexer_rest_ms(took));
	if (result == 1)
		note(indexer, "", took);
	set_next_look(indexer, build, result, took);
	return result != -1;
}

/* Whether the master is still there; it says nothing unasked. */
static void
check_line(struct indexer *indexer)
{
	char word;
	int fd;
	int result = handover_receive(indexer->setup->line, &word, &fd);

	if (fd != -1)
		close(fd);
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

/* Notes the path, from the root, of what has changed; NULL: anything. */
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
	/* Most news are of the same file: it is written, then closed. */
	if (!pathlist_has(paths, str_of(rooted)) &&
	    pathlist_add(paths, str_of(rooted)) == -1)
		indexer->looks_at_all = true;
}

/* Takes what there is to hear, and waits for it until a look is due. */
static void
hear(struct indexer *indexer, bool waits)
{
	struct indexer_schedule *schedule = &indexer->schedule;
	struct watch *watch = indexer->watch;
	struct pollfd fds[] = { { .fd = indexer->setup->line,
				    .events = POLLIN },
		{ .fd = watch != NULL ? watch_fd(watch) : -1,
		    .events = POLLIN } };

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

static bool
wants_look(void *context)
{
	struct indexer *indexer = context;

	hear(indexer, false);
	return look_due_ms(indexer) == 0;
}

/*
 * Hashes what looks left, as long as none is due; the others may have their
 * turn meanwhile.
 */
static void
hash_rest(struct indexer *indexer, struct catalogbuild *build)
{
	struct timespec started = clock_now();
	int result = catalogbuild_hash(build);

	if (result == 1)
		note(indexer, " hashes", clock_since_ms(&started));
	if (result != -1 || errno == EAGAIN || indexer->lost)
		return;
	complain(errno);
	indexer->looks_at_all = true;
	indexer->schedule.look_at = clock_in(FAILED_MS);
}

static int
keep_index(struct indexer *indexer)
{
	const struct indexer_setup *setup = indexer->setup;
	const struct catalogbuild_setup parts = {
		.tree = setup->tree,
		.media = setup->media,
		.english = site_is_english(&setup->config->site),
		.place = setup->place,
		.waits_for_look = setup->waits_for_look,
		.enter = on_directory,
		.gives_way = wants_look,
		.context = indexer,
		.look_ms = LOOK_SHARED_MS,
	};
	struct catalogbuild *build = catalogbuild_new(&parts);

	if (build == NULL)
		return -1;
	while (!indexer->lost) {
		/* News of what comes while it looks are for the next look. */
		(void)wants_look(indexer);
		indexer->schedule.news = false;
		if (look(indexer, build) && !wants_look(indexer))
			hash_rest(indexer, build);
		while (!wants_look(indexer))
			hear(indexer, true);
	}
	catalogbuild_free(build);
	return 0;
}

int
indexer_run(const struct indexer_setup *setup)
{
	struct indexer indexer = { .setup = setup,
		.watch = setup->config->watch ? watch_open() : NULL,
		.looks_at_all = true };

	/* Directories are watched by paths, and those begin at the root. */
	if (fchdir(setup->tree->root) == -1 ||
	    jail_enter_with_state(setup->jail, setup->tree->root,
		setup->place->directory, JAIL_INDEXER) == -1 ||
	    keep_index(&indexer) == -1) {
		log_line(LOG_LEVEL_ERROR, "index: cannot go on: %s",
		    strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
