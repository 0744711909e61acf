/*
 * The process that reads every page.  Knows when to look at the tree again;
 * leaves the index to catalogbuild, and its file to the master.
 */
#include "daemon/indexer.h"

#include <errno.h>
#include <poll.h>
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
/* With news too, for file systems that have none of other machines. */
#define LOOK_ALL_THE_SAME_MS 60000
/* A look may take this part of the time. */
#define SHARE 10
#define FAILED_MS 30000
#define ANSWER_MS 10000

struct indexer {
	const struct indexer_setup *setup;
	int watch; /* -1: there is no news, or not of everything */
	bool made; /* an index, once */
	bool lost; /* the master is gone */
};

/* Waits for `fd` to have something, at most `ms`; whether it has. */
static bool
wait_for(int fd, long ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, (int)ms) == 1;
}

/* Asks the master, which alone can make files, for an empty one. */
static int
get_blank(void *context)
{
	struct indexer *indexer = context;
	int line = indexer->setup->line;
	char word;
	int fd;

	if (handover_send(line, INDEXER_WANTS, -1) == -1)
		return -1;
	if (!wait_for(line, ANSWER_MS) ||
	    handover_receive(line, &word, &fd) != 1) {
		indexer->lost = true;
		errno = EPIPE;
		return -1;
	}
	if (fd == -1)
		errno = ENOSPC;
	return fd;
}

static void
watch_no_more(struct indexer *indexer)
{
	if (indexer->watch != -1)
		close(indexer->watch);
	indexer->watch = -1;
	log_line(LOG_LEVEL_WARN,
	    "index: the system watches no more directories for us, so changes "
	    "are looked for every %d s; raise fs.inotify.max_user_watches",
	    LOOK_MS / 1000);
}

static int
on_directory(void *context, const char *directory)
{
	struct indexer *indexer = context;

	if (indexer->watch != -1 && watch_add(indexer->watch, directory) == -1)
		watch_no_more(indexer);
	return 0;
}

static void
complain(int error)
{
	if (error == ENOSPC)
		log_line(LOG_LEVEL_ERROR,
		    "index: no room for it, so the last one goes on; make "
		    "room, or set TMPDIR to a directory that has some");
	else
		log_line(LOG_LEVEL_ERROR,
		    "index: cannot be made: %s; the last one goes on",
		    strerror(error));
}

/* Looks at the tree; the time after which to look again. */
static long
look(struct indexer *indexer, struct catalogbuild *build)
{
	struct timespec started = clock_now();
	int result = catalogbuild_update(build);
	long took = clock_since_ms(&started);
	long pause = indexer->watch == -1 ? LOOK_MS : LOOK_ALL_THE_SAME_MS;

	if (result == -1) {
		if (!indexer->lost)
			complain(errno);
		return FAILED_MS;
	}
	if (result == 1) {
		/* The first is worth knowing of, the others are everyday. */
		log_line(indexer->made ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		    "index ms=%ld", took);
		indexer->made = true;
		indexer->lost =
		    handover_send(indexer->setup->line, INDEXER_DONE, -1) == -1;
		/* What it took to make is not needed until the next time. */
		system_trim();
	}
	return took * SHARE > pause ? took * SHARE : pause;
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

/* Waits for news, or until it is time to look without. */
static void
wait_for_news(struct indexer *indexer, long ms)
{
	struct timespec until = clock_in((unsigned)ms), longest;
	struct pollfd fds[] = { { .fd = indexer->setup->line,
				    .events = POLLIN },
		{ .fd = indexer->watch, .events = POLLIN } };
	bool any = false;

	while (!any && !indexer->lost && clock_until_ms(&until) > 0) {
		if (poll(fds, 2, (int)clock_until_ms(&until)) < 1)
			continue;
		if (fds[0].revents != 0)
			check_line(indexer);
		any = fds[1].revents != 0 && watch_read(indexer->watch);
	}
	longest = clock_in(LONGEST_MS);
	while (any && wait_for(indexer->watch, QUIET_MS) &&
	    clock_until_ms(&longest) > 0)
		(void)watch_read(indexer->watch);
}

static int
keep_index(struct indexer *indexer)
{
	const struct indexer_setup *setup = indexer->setup;
	const struct catalogbuild_setup parts = {
		.tree = setup->tree,
		.media = setup->media,
		.english = site_is_english(&setup->config->site),
		.blank = get_blank,
		.enter = on_directory,
		.context = indexer,
	};
	struct catalogbuild *build = catalogbuild_new(&parts, setup->current);

	if (build == NULL)
		return -1;
	while (!indexer->lost)
		wait_for_news(indexer, look(indexer, build));
	catalogbuild_free(build);
	return 0;
}

int
indexer_run(const struct indexer_setup *setup)
{
	struct indexer indexer = { .setup = setup,
		.watch = setup->config->watch ? watch_open() : -1 };

	/* Directories are watched by paths, and those begin at the root. */
	if (fchdir(setup->tree->root) == -1 ||
	    jail_enter(setup->jail, setup->tree->root, JAIL_INDEXER) == -1 ||
	    keep_index(&indexer) == -1) {
		log_line(LOG_LEVEL_ERROR, "index: cannot go on: %s",
		    strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
