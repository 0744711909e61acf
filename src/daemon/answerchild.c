/*
 * A child of the answers process, which answers one request.
 */
#include "daemon/answerchild.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "index/db.h"
#include "serve/remote.h"
#include "serve/serve.h"
#include "tree/tree.h"

/* The time limit of a question, and the CPU time limit of an archive. */
#define QUESTION_S 60
#define ARCHIVE_CPU_S 600
/* CPU time after which a child checks whether its worker still waits. */
#define LOOK_MS 20
#define CHILD_MEMORY ((rlim_t)1 << 30)
#define REQUEST_MEMORY ((size_t)1 << 20)

/* The socket to the worker. */
static int line_of_child = -1;

/* Whether the worker has stopped waiting for the answer. */
bool
answerchild_is_given_up(int fd)
{
	struct pollfd end = { .fd = fd };

	return poll(&end, 1, 0) == 1 && (end.revents & (POLLHUP | POLLERR));
}

/* SIGPROF in a child: exits if the worker no longer waits. */
static void
on_look(int number)
{
	int error = errno;

	(void)number;
	if (answerchild_is_given_up(line_of_child))
		_exit(EXIT_FAILURE);
	errno = error;
}

/*
 * The timer counts CPU time only: a child that waits for its worker notices a
 * hangup by itself.
 */
static int
set_timers(bool archive)
{
	struct sigaction action = { .sa_handler = on_look,
		.sa_flags = SA_RESTART };
	const struct timeval look = { .tv_usec = LOOK_MS * 1000 };
	const struct itimerval looks = { look, look };
	const struct itimerval end = { .it_value = { .tv_sec = QUESTION_S } };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGPROF, &action, NULL) == -1 ||
	    setitimer(ITIMER_PROF, &looks, NULL) == -1)
		return -1;
	/*
	 * Archives have no time limit: an archive lasts as long as its client
	 * takes.
	 */
	return archive ? 0 : setitimer(ITIMER_REAL, &end, NULL);
}

static void
set_limits(bool archive)
{
	const rlim_t cpu = archive ? ARCHIVE_CPU_S : QUESTION_S;

	(void)setrlimit(RLIMIT_CPU, &(struct rlimit){ cpu, cpu });
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
	line_of_child = fd;
	if (set_timers(archive) == -1)
		_exit(EXIT_FAILURE);
	arena_init(&arena, REQUEST_MEMORY);
	request.arena = &arena;
	serve_slow(setup->server, &request, &response);
	result = remote_answer(fd, &response);
	/* Not an error: the worker's client may have left. */
	if (result == -1 && errno != EPIPE && errno != ECONNRESET)
		tree_log_failure("cannot answer whole", errno, request.path);
	_exit(db_met_damage()  ? ANSWERS_DAMAGED
		: result == -1 ? EXIT_FAILURE
			       : EXIT_SUCCESS);
}
