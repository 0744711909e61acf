/*
 * The process that answers slow requests by children: its queue and its limits.
 */
#include "daemon/answers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/answerchildren.h"
#include "serve/remote.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "tree/tree.h"

/* Questions answered at once: more make each of them slower (measured). */
#define QUESTIONS_MIN 2
/*
 * The limit of waiting questions; one network may have a quarter of them, and
 * of concurrent archives.
 */
#define QUEUE_MAX ((size_t)64)
#define SHARE 4
#define ARCHIVES_SHARE (ANSWERCHILDREN_ARCHIVES / SHARE)
/* The limit of archives for all clients of unknown networks together. */
#define UNKNOWN_MAX (ANSWERCHILDREN_ARCHIVES - ARCHIVES_SHARE)
/* Children yield to the workers. */
#define NICE 10
#define POLLED_MAX (1 + SERVICE_CLIENTS_MAX + ANSWERCHILDREN_MAX)

struct answers_question {
	struct request request; /* points into `message` */
	char *message;
	int fd; /* the socket to the worker */
};

struct answers {
	const struct answers_setup *setup;
	/* The master's socket, the workers', and room for the children's. */
	struct pollfd *polled;
	size_t polled_count; /* without the children's */
	struct answers_question queue[QUEUE_MAX]; /* oldest first */
	size_t queue_count;
	struct answerchildren children;
	size_t questions_at_once;
	sigset_t waiting; /* the signal mask while it waits */
};

/* SIGCHLD only has to interrupt ppoll. */
static void
on_child(int number)
{
	(void)number;
}

static int
set_signals(struct answers *answers)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigemptyset(&action.sa_mask);
	if (sigprocmask(SIG_BLOCK, &blocked, &answers->waiting) == -1)
		return -1;
	sigdelset(&answers->waiting, SIGCHLD);
	return sigaction(SIGCHLD, &action, NULL);
}

static bool
is_archive(const struct answers *answers, const struct request *request)
{
	const struct host *host = &answers->setup->server->hosts[request->host];
	struct str path = request->path;

	return str_ends(path, STR(".tar.gz")) ||
	    str_equals(path, host->builtins[BUILTIN_GEMPUB]) ||
	    str_equals(path, host->builtins[BUILTIN_TAR]);
}

/* Removes a question without closing its socket. */
static void
forget(struct answers *answers, size_t at)
{
	free(answers->queue[at].message);
	answers->queue_count--;
	memmove(&answers->queue[at], &answers->queue[at + 1],
	    (answers->queue_count - at) * sizeof *answers->queue);
}

/* Removes a question that was answered or refused. */
static void
drop(struct answers *answers, size_t at)
{
	fdpass_close(answers->queue[at].fd);
	forget(answers, at);
}

static void
drop_given_up(struct answers *answers)
{
	for (size_t i = answers->queue_count; i-- > 0;)
		if (answerchild_is_given_up(answers->queue[i].fd))
			drop(answers, i);
}

/* Whether `network` may have another waiting question, or archive. */
static bool
has_room(const struct answers *answers, uint64_t network, bool archive)
{
	size_t same = 0;

	if (archive)
		return answers->children.archive_count <
		    ANSWERCHILDREN_ARCHIVES &&
		    answerchildren_archives(&answers->children, network) <
		    (network == 0 ? UNKNOWN_MAX : ARCHIVES_SHARE);
	for (size_t i = 0; i < answers->queue_count; i++)
		same += answers->queue[i].request.network == network;
	return answers->queue_count < QUEUE_MAX &&
	    (network == 0 || same < QUEUE_MAX / SHARE);
}

/* In the child: closes all sockets but the one to its worker. */
static void
close_others(const struct answers *answers, int fd)
{
	for (size_t i = 0; i < answers->polled_count; i++)
		close(answers->polled[i].fd);
	for (size_t i = 0; i < answers->queue_count; i++)
		if (answers->queue[i].fd != fd)
			close(answers->queue[i].fd);
}

/* Forks a child for the question at index `at`, and removes the question. */
static void
start(struct answers *answers, size_t at)
{
	struct answers_question *question = &answers->queue[at];
	bool archive = is_archive(answers, &question->request);
	pid_t child = answerchildren_fork(
	    &answers->children, &question->request, question->fd, archive);

	if (child == 0) {
		close_others(answers, question->fd);
		answerchild_run(
		    answers->setup, &question->request, question->fd, archive);
	}
	if (child == -1) {
		log_line(LOG_LEVEL_ERROR, "answers: cannot start a child: %s",
		    strerror(errno));
		remote_answer_refuse(question->fd, STATUS_UNAVAILABLE);
		drop(answers, at);
	} else {
		forget(answers, at);
	}
}

static void
start_due(struct answers *answers)
{
	const struct answerchildren *children = &answers->children;

	while (answers->queue_count > 0 &&
	    children->count - children->archive_count <
		answers->questions_at_once) {
		if (answerchild_is_given_up(answers->queue[0].fd))
			drop(answers, 0);
		else
			start(answers, 0);
	}
}

/* Queues a request; false when the queue is full, or without memory. */
static bool
enter(struct answers *answers, struct str message,
    const struct request *request, bool archive, int fd)
{
	struct answers_question *question;

	drop_given_up(answers);
	question = &answers->queue[answers->queue_count];
	if (answers->queue_count == QUEUE_MAX ||
	    !has_room(answers, request->network, archive))
		return false;
	*question = (struct answers_question){ .fd = fd,
		.message = malloc(message.len) };
	if (question->message == NULL)
		return false;
	memcpy(question->message, message.at, message.len);
	message.at = question->message;
	if (!remote_read(message, &question->request))
		abort();
	answers->queue_count++;
	return true;
}

/* Receives one question and its socket; false when the worker has gone. */
static bool
take_question(struct answers *answers, int line)
{
	char bytes[REMOTE_REQUEST_MAX];
	struct request request;
	struct str message;
	bool archive;
	int fd;
	ssize_t got = fdpass_receive_message(line, bytes, sizeof bytes, &fd);

	if (got <= 0)
		return got == -1 && errno == EAGAIN;
	message = (struct str){ bytes, (size_t)got };
	if (fd == -1)
		return true;
	if (!remote_read(message, &request) ||
	    request.host >= answers->setup->server->host_count) {
		fdpass_close(fd);
		return true;
	}
	archive = is_archive(answers, &request);
	if (!enter(answers, message, &request, archive, fd)) {
		remote_answer_refuse(fd, STATUS_UNAVAILABLE);
		fdpass_close(fd);
	} else if (archive) {
		/*
		 * An archive skips the queue, because it lasts as long as its
		 * client takes.
		 */
		start(answers, answers->queue_count - 1);
	}
	return true;
}

static int
add_line(struct answers *answers, int fd)
{
	if (answers->polled_count == 1 + SERVICE_CLIENTS_MAX) {
		fdpass_close(fd);
		return -1;
	}
	answers->polled[answers->polled_count++] =
	    (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

/* Receives a new worker's socket from the master; false at its end. */
static bool
hear_master(struct answers *answers)
{
	int client;

	if (!service_hear(answers->polled[0].fd, &client))
		return false;
	if (client != -1)
		(void)add_line(answers, client);
	return true;
}

/* Reads from each readable socket, and removes those at their end. */
static void
hear(struct answers *answers)
{
	if (answers->polled[0].revents != 0 && !hear_master(answers)) {
		fdpass_close(answers->polled[0].fd);
		/* poll skips a negative descriptor. */
		answers->polled[0].fd = -1;
	}
	for (size_t i = answers->polled_count; --i > 0;) {
		if (answers->polled[i].revents == 0 ||
		    take_question(answers, answers->polled[i].fd))
			continue;
		fdpass_close(answers->polled[i].fd);
		answers->polled[i] = answers->polled[--answers->polled_count];
	}
}

/*
 * Waits for the end of a child, for its deadline, or, unless it drains, for a
 * message; true when there may be one.
 */
static bool
wait_for_event(struct answers *answers, bool drains)
{
	struct answerchildren *children = &answers->children;
	struct pollfd *lines = &answers->polled[answers->polled_count];
	long ms = answerchildren_end_overdue(children);
	const struct timespec timeout = { ms / 1000, ms % 1000 * 1000000 };
	int ready;

	answerchildren_poll(children, lines);
	ready = ppoll(drains ? lines : answers->polled,
	    children->count + (drains ? 0 : answers->polled_count),
	    ms == -1 ? NULL : &timeout, &answers->waiting);
	if (ready > 0)
		answerchildren_hear(children, lines);
	answerchildren_reap(children);
	return ready > 0;
}

/* Accepts no more requests, and starts a child for each that waits. */
static void
drain(struct answers *answers)
{
	while (answers->queue_count > 0) {
		(void)wait_for_event(answers, true);
		start_due(answers);
	}
}

/*
 * Each child has the memory layout of this process, so an attacker could use
 * crashes of children to guess it. So accept no more requests, answer the
 * waiting ones, and then crash like the child, for the master to handle.
 */
static void
end_after_fault(struct answers *answers)
{
	drain(answers);
	abort();
}

/* The exit status makes the master rebuild the index. */
static void
end_after_damage(struct answers *answers)
{
	drain(answers);
	if (answers->children.faulted)
		abort();
	_exit(ANSWERS_DAMAGED);
}

static void
work(struct answers *answers)
{
	const struct answerchildren *children = &answers->children;

	while (answers->polled[0].fd != -1 || answers->polled_count > 1) {
		if (wait_for_event(answers, false) && !children->faulted &&
		    !children->damaged)
			hear(answers);
		start_due(answers);
		if (children->faulted)
			end_after_fault(answers);
		if (children->damaged)
			end_after_damage(answers);
	}
}

static size_t
questions_at_once(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	if (count < QUESTIONS_MIN)
		return QUESTIONS_MIN;
	return (size_t)count < ANSWERCHILDREN_QUESTIONS
	    ? (size_t)count
	    : ANSWERCHILDREN_QUESTIONS;
}

static int
begin(struct answers *answers)
{
	const struct answers_setup *setup = answers->setup;
	const struct service *service = setup->service;

	answers->questions_at_once = questions_at_once();
	answers->polled = calloc(POLLED_MAX, sizeof *answers->polled);
	if (answers->polled == NULL)
		return -1;
	(void)add_line(answers, service->line);
	for (size_t i = 0; i < service->end_count; i++)
		(void)add_line(answers, service->ends[i]);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	return tree_share_failures() == -1 ? -1 : set_signals(answers);
}

int
answers_run(const struct answers_setup *setup)
{
	const struct jail_access access = { .role = JAIL_ANSWERS,
		.roots = setup->roots,
		.state = setup->state };
	struct answers *answers = calloc(1, sizeof *answers);
	int status = EXIT_FAILURE;

	if (answers != NULL)
		answers->setup = answers->children.setup = setup;
	if (answers == NULL || begin(answers) == -1 ||
	    jail_enter(setup->jail, &access) == -1) {
		log_line(LOG_LEVEL_ERROR, "answers: cannot go on: %s",
		    strerror(errno));
	} else {
		work(answers);
		while (answers->queue_count > 0)
			drop(answers, 0);
		status = EXIT_SUCCESS;
	}
	if (answers != NULL)
		free(answers->polled);
	free(answers);
	return status;
}
