/*
 * The index as the master sees it: a process to keep alive, and files to
 * pass on.  Knows where files without names are made; never reads one.
 */
#include "daemon/index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/indexer.h"
#include "daemon/pause.h"
#include "sys/clock.h"
#include "sys/handover.h"
#include "sys/log.h"
#include "sys/system.h"

/* In one turn; more than the process has to say, if it is in its senses. */
#define WORDS_A_TURN 8

void
index_init(struct index *index)
{
	index->current = index->pending = index->line = -1;
}

static void
close_one(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
end_process(struct index *index)
{
	/* It holds nothing that would be lost. */
	if (index->pid != 0)
		kill(index->pid, SIGKILL);
	index->pid = 0;
	close_one(&index->line);
	close_one(&index->pending);
}

void
index_begin(struct index *index, bool wanted, bool keeps)
{
	end_process(index);
	if (!wanted || !keeps)
		close_one(&index->current);
	index->wanted = wanted;
	index->pause_ms = 0;
	index->due = clock_now();
}

void
index_close_ours(struct index *index)
{
	close_one(&index->line);
	close_one(&index->pending);
}

void
index_stop(struct index *index)
{
	pid_t pid = index->pid;

	index_begin(index, false, false);
	/* It ends at once, and is not to be anybody's orphan. */
	if (pid != 0)
		(void)waitpid(pid, NULL, 0);
}

/*
 * A file that only descriptors lead to: one to write it, and one to read it
 * for those who have no business to write.
 */
static int
make_in(const char *directory, int *reads)
{
	char path[PATH_MAX];
	int writes;

	if (directory == NULL ||
	    (size_t)snprintf(path, sizeof path, "%s/capsuled-XXXXXX",
		directory) >= sizeof path)
		return -1;
	writes = mkostemp(path, O_CLOEXEC);
	if (writes == -1)
		return -1;
	*reads = open(path, O_RDONLY | O_CLOEXEC);
	(void)unlink(path);
	if (*reads == -1)
		close_one(&writes);
	return writes;
}

/* On disk if it can be: an index may be larger than memory. */
static int
make_file(struct index *index, int *reads)
{
	const char *const directories[] = { getenv("TMPDIR"), "/var/tmp",
		"/tmp" };

	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		int writes = make_in(directories[i], reads);

		if (writes != -1) {
			index->complained |= i > 0;
			return writes;
		}
		if (directories[i] != NULL && !index->complained)
			log_line(LOG_LEVEL_WARN,
			    "index: no file can be made in %s: %s",
			    directories[i], strerror(errno));
	}
	index->complained = true;
	return system_memory_file(reads);
}

static void
answer_want(struct index *index)
{
	int reads = -1;
	int writes = make_file(index, &reads);

	close_one(&index->pending);
	index->pending = reads;
	if (handover_send(index->line, INDEXER_FILE, writes) == -1)
		log_line(LOG_LEVEL_WARN,
		    "index: its process cannot be "
		    "reached: %s",
		    strerror(errno));
	close_one(&writes);
}

bool
index_listen(struct index *index)
{
	bool changed = false;
	char word;
	int fd;

	for (int i = 0; i < WORDS_A_TURN && index->line != -1 &&
	     handover_receive(index->line, &word, &fd) == 1;
	     i++) {
		close_one(&fd);
		if (word == INDEXER_WANTS)
			answer_want(index);
		if (word != INDEXER_DONE || index->pending == -1)
			continue;
		close_one(&index->current);
		index->current = index->pending;
		index->pending = -1;
		changed = true;
	}
	return changed;
}

static void
be_indexer(struct index *index, const int line[2])
{
	close(line[0]);
	close_one(&index->pending);
	index->work(index->context, line[1], index->current);
	exit(EXIT_FAILURE);
}

void
index_start_due(struct index *index)
{
	int line[2] = { -1, -1 };
	pid_t pid = -1;

	if (!index->wanted || index->pid != 0 ||
	    clock_until_ms(&index->due) > 0)
		return;
	/* The process has its name, for ps(1), from its start. */
	system_set_name("capsuled-index");
	if (handover_pair(line) == 0)
		pid = fork();
	if (pid != 0)
		system_set_name("capsuled");
	if (pid == 0)
		be_indexer(index, line);
	close_one(&line[1]);
	if (pid == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "index: its process cannot be started: %s; trying again",
		    strerror(errno));
		close_one(&line[0]);
		index->due = clock_in(PAUSE_LONGEST_MS);
		return;
	}
	index->pid = pid;
	index->line = line[0];
	index->started = clock_now();
}

long
index_due_ms(const struct index *index, long ms)
{
	long due = clock_until_ms(&index->due);

	return index->wanted && index->pid == 0 && due < ms ? due : ms;
}

bool
index_reap(struct index *index, pid_t pid, int status, bool replaced)
{
	char text[PAUSE_TEXT];

	if (index->pid != pid)
		return false;
	index->pid = 0;
	end_process(index);
	if (!replaced)
		return true;
	index->pause_ms = pause_after(&index->started, index->pause_ms);
	/* Before the log line: its reader may pass the pause on a test clock. */
	index->due = clock_in(index->pause_ms);
	pause_describe(status, text, sizeof text);
	log_line(LOG_LEVEL_ERROR,
	    "index: its process %ld ended: %s; another one in %u ms", (long)pid,
	    text, index->pause_ms);
	index->pause_ms = pause_next(index->pause_ms, PAUSE_LONGEST_MS);
	return true;
}
