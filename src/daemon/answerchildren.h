#ifndef DAEMON_ANSWERCHILDREN_H
#define DAEMON_ANSWERCHILDREN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/answerchild.h"
#include "text/attribute.h"

/* The most children: those for questions, and those for archives. */
#define ANSWERCHILDREN_QUESTIONS ((size_t)4)
#define ANSWERCHILDREN_ARCHIVES ((size_t)32)
#define ANSWERCHILDREN_MAX (ANSWERCHILDREN_QUESTIONS + ANSWERCHILDREN_ARCHIVES)

struct answerchildren_child {
	pid_t pid;
	int handle; /* see system_fork */
	int line; /* the socket to the worker; -1: it no longer waits */
	struct timespec end_by; /* when it is killed */
	uint64_t network;
	bool is_archive;
};

/* The children of the answers process. */
struct answerchildren {
	const struct answers_setup *setup; /* set by the caller */
	struct answerchildren_child of[ANSWERCHILDREN_MAX];
	size_t count, archive_count;
	bool damaged; /* one of them met a damaged index */
	bool faulted; /* one of them crashed */
};

/*
 * Forks a child, for which there must be room. In the parent, the table takes
 * `line`, and the function returns the pid; in the child, the other children's
 * descriptors are closed, and it returns 0. Returns -1 with errno set.
 */
MUST_USE pid_t answerchildren_fork(struct answerchildren *children,
    const struct request *request, int line, bool archive);

/* The number of archives for `network`. */
size_t answerchildren_archives(
    const struct answerchildren *children, uint64_t network);

/*
 * Kills the children that are overdue: they may be stuck, or hijacked. Returns
 * the milliseconds until the next child is overdue; -1 without children.
 */
long answerchildren_end_overdue(const struct answerchildren *children);

/*
 * Fills `polled` with a socket for each child, to be polled and then passed to
 * answerchildren_hear before anything changes: if a worker no longer waits for
 * its answer, the child has a second to end.
 */
void answerchildren_poll(
    const struct answerchildren *children, struct pollfd *polled);
void answerchildren_hear(
    struct answerchildren *children, const struct pollfd *polled);

/* Removes the children that have ended, and charges their networks. */
void answerchildren_reap(struct answerchildren *children);

#endif
