/*
 * The children of the answers process: their deadlines and their ends.
 */
#include "daemon/answerchildren.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/pause.h"
#include "serve/remote.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "sys/system.h"

/* The time limit of a question. */
#define QUESTION_MS 60000U
/* The time that a child has to end after its worker has hung up. */
#define GIVEN_UP_MS 1000U

/*
 * The time limit of a child. An archive lasts as long as its client takes, but
 * see remote_answer.
 */
static unsigned
longest_ms(const struct host *host, bool archive)
{
	uint64_t longest_s = (uint64_t)2 * REMOTE_GRACE_S +
	    host->archive_limit / REMOTE_LEAST_RATE;

	if (!archive)
		return QUESTION_MS;
	return longest_s < UINT_MAX / 1000 ? (unsigned)longest_s * 1000
					   : UINT_MAX;
}

pid_t
answerchildren_fork(struct answerchildren *children,
    const struct request *request, int line, bool archive)
{
	struct answerchildren_child *child = &children->of[children->count];
	const struct host *host =
	    &children->setup->server->hosts[request->host];

	*child = (struct answerchildren_child){
		.line = line,
		.end_by = clock_in(longest_ms(host, archive)),
		.network = request->network,
		.is_archive = archive,
	};
	child->pid = system_fork(&child->handle);
	for (size_t i = 0; child->pid == 0 && i < children->count; i++) {
		close(children->of[i].line);
		close(children->of[i].handle);
	}
	if (child->pid > 0) {
		children->count++;
		children->archive_count += archive;
	}
	return child->pid;
}

size_t
answerchildren_archives(const struct answerchildren *children, uint64_t network)
{
	size_t count = 0;

	for (size_t i = 0; i < children->count; i++)
		count += children->of[i].is_archive &&
		    children->of[i].network == network;
	return count;
}

long
answerchildren_end_overdue(const struct answerchildren *children)
{
	long next = -1;

	for (size_t i = 0; i < children->count; i++) {
		const struct answerchildren_child *child = &children->of[i];
		long ms = clock_until_ms(&child->end_by);

		if (ms == 0)
			system_kill_child(child->pid, child->handle);
		else if (next == -1 || ms < next)
			next = ms;
	}
	return next;
}

void
answerchildren_poll(
    const struct answerchildren *children, struct pollfd *polled)
{
	/* poll skips a negative descriptor, and always reports a hangup. */
	for (size_t i = 0; i < children->count; i++)
		polled[i] = (struct pollfd){ .fd = children->of[i].line };
}

void
answerchildren_hear(
    struct answerchildren *children, const struct pollfd *polled)
{
	for (size_t i = 0; i < children->count; i++) {
		struct answerchildren_child *child = &children->of[i];

		if (polled[i].revents == 0)
			continue;
		fdpass_close(child->line);
		child->line = -1;
		child->end_by = clock_in(GIVEN_UP_MS);
	}
}

static long
cpu_ms(const struct rusage *usage)
{
	return (long)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
	    (long)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;
}

static void
log_end(const struct answerchildren_child *child, int status)
{
	/* A child is also killed, without a fault, after its worker hung up. */
	if (WIFSIGNALED(status) &&
	    (WTERMSIG(status) != SIGKILL || child->line != -1))
		log_line(LOG_LEVEL_ERROR,
		    "answers: child %ld was killed by signal %d (%s)",
		    (long)child->pid, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
}

static void
end(struct answerchildren *children, struct answerchildren_child *child,
    int status)
{
	log_end(child, status);
	fdpass_close(child->line);
	close(child->handle);
	children->faulted |= pause_is_fault(status);
	children->damaged |=
	    WIFEXITED(status) && WEXITSTATUS(status) == ANSWERS_DAMAGED;
	children->archive_count -= child->is_archive;
	*child = children->of[--children->count];
}

void
answerchildren_reap(struct answerchildren *children)
{
	const struct answers_setup *setup = children->setup;
	struct rusage usage;
	pid_t pid;
	int status;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		for (size_t i = 0; i < children->count; i++) {
			struct answerchildren_child *child = &children->of[i];

			if (child->pid != pid)
				continue;
			limit_charge(setup->limits, setup->rules,
			    child->network, cpu_ms(&usage));
			end(children, child, status);
			break;
		}
}
