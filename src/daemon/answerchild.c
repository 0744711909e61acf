/*
 * A child of the answers process, which answers one request.
 */
#include "daemon/answerchild.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/db.h"
#include "serve/remote.h"
#include "serve/serve.h"
#include "tree/tree.h"

/* The CPU time limits of a question and of an archive. */
#define QUESTION_CPU_S 60
#define ARCHIVE_CPU_S 600
#define CHILD_MEMORY ((rlim_t)1 << 30)
#define REQUEST_MEMORY ((size_t)1 << 20)

/* Whether the worker has stopped waiting for the answer. */
bool
answerchild_is_given_up(int fd)
{
	struct pollfd end = { .fd = fd };

	return poll(&end, 1, 0) == 1 && (end.revents & (POLLHUP | POLLERR));
}

/*
 * Bounds the file in memory, but not the log, which the limit counts as well.
 */
static void
set_file_limit(void)
{
	rlim_t size = REMOTE_MEMORY_MAX;
	struct stat log;

	if (fstat(STDERR_FILENO, &log) == 0 && S_ISREG(log.st_mode))
		size += (rlim_t)log.st_size;
	(void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){ size, size });
}

static void
set_limits(bool archive)
{
	const rlim_t cpu = archive ? ARCHIVE_CPU_S : QUESTION_CPU_S;

	(void)setrlimit(RLIMIT_CPU, &(struct rlimit){ cpu, cpu });
	set_file_limit();
	/* It starts no process or thread. */
	(void)setrlimit(RLIMIT_NPROC, &(struct rlimit){ 0, 0 });
#if !defined(__SANITIZE_ADDRESS__)
	(void)setrlimit(
	    RLIMIT_AS, &(struct rlimit){ CHILD_MEMORY, CHILD_MEMORY });
#endif
}

void
answerchild_run(const struct answers_setup *setup, const struct request *asked,
    int fd, bool archive)
{
	struct request request = *asked;
	struct response response;
	struct arena arena;
	int result;

	/* Only the parent may change the counts of networks. */
	limit_free(setup->limits);
	set_limits(archive);
	arena_init(&arena, REQUEST_MEMORY);
	request.arena = &arena;
	serve_slow(&setup->server->hosts[request.host], &request, &response);
	result = remote_answer(fd, &response);
	/* Not an error: the worker's client may have left. */
	if (result == -1 && errno != EPIPE && errno != ECONNRESET)
		tree_log_failure("cannot answer whole", errno, request.path);
	_exit(db_met_damage()  ? ANSWERS_DAMAGED
		: result == -1 ? EXIT_FAILURE
			       : EXIT_SUCCESS);
}
