/*
 * The workers of a master: starts, replaces, retires and kills them.
 */
#include "daemon/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/pause.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/process.h"

/*
 * The minimum interval between two messages of a worker, so that a hijacked one
 * cannot keep the master busy.
 */
#define WORD_MS 100
/* The time of a service to end after its last worker. */
#define LEFTOVER_MS 2000

struct worker_slot *
workers_slots(size_t count)
{
	struct worker_slot *slots = calloc(count, sizeof *slots);

	for (size_t i = 0; slots != NULL && i < count; i++)
		slots[i].empty = true;
	return slots;
}

void
workers_set_slots(
    struct workers *workers, struct worker_slot *slots, size_t count)
{
	free(workers->slots);
	workers->slots = slots;
	workers->slot_count = count;
}

static NO_RETURN void
worker_main(
    struct workers *workers, struct workers_start *start, const int line[2])
{
	workers_forget(workers);
	close(line[0]);
	start->line = line[1];
	for (int i = 0; i < WORKERS_SERVICES; i++)
		if (workers->services[i] != NULL)
			service_forget(workers->services[i]);
	workers->work(workers->context, start);
	exit(EXIT_FAILURE);
}

/* Connects a new worker to each service; -1 with errno set. */
static int
connect_services(struct workers *workers, int lines[WORKERS_SERVICES],
    int ends[WORKERS_SERVICES])
{
	for (int i = 0; i < WORKERS_SERVICES; i++)
		lines[i] = ends[i] = -1;
	for (int i = 0; i < WORKERS_SERVICES; i++) {
		if (workers->services[i] == NULL)
			continue;
		lines[i] = service_connect(workers->services[i], &ends[i]);
		if (lines[i] == -1)
			return -1;
	}
	return 0;
}

static void
disconnect_services(struct workers *workers, const int ends[WORKERS_SERVICES])
{
	for (int i = 0; i < WORKERS_SERVICES; i++)
		if (ends[i] != -1 && workers->services[i] != NULL)
			service_disconnect(workers->services[i], ends[i]);
}

/* Returns the worker's pid and sets child->line; -1 with errno set. */
static pid_t
fork_worker(struct workers *workers, struct child *child)
{
	struct workers_start start = { .slot = child->slot,
		.number = child->number,
		.held = child->held,
		.counts = child->counts };
	int line[2] = { -1, -1 };
	char role[32];
	pid_t pid = -1;

	snprintf(role, sizeof role, "worker %zu", child->slot + 1);
	if (connect_services(workers, start.services, child->ends) == 0 &&
	    fdpass_pair(line) == 0)
		pid = process_fork(role);
	if (pid == 0)
		worker_main(workers, &start, line);
	process_close(line[1]);
	for (int i = 0; i < WORKERS_SERVICES; i++)
		process_close(start.services[i]);
	child->line = line[0];
	if (pid == -1) {
		process_close(line[0]);
		disconnect_services(workers, child->ends);
	}
	return pid;
}

static void
start_worker(struct workers *workers, size_t at)
{
	struct worker_slot *slot = &workers->slots[at];
	struct child child = { .slot = at,
		.number = limit_worker_begin(workers->limits),
		.held = log_store_new(),
		.counts = counts_new() };

	errno = EAGAIN;
	/* Workers of a predecessor have no number, but a place in the table. */
	child.pid =
	    child.number == LIMIT_NONE || workers->child_count == WORKERS_MAX
	    ? -1
	    : fork_worker(workers, &child);
	if (child.pid == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "master: cannot start a worker: %s; trying again",
		    strerror(errno));
		slot->empty = true;
		slot->due = clock_in(WORKERS_PAUSE_MS);
		limit_worker_end(workers->limits, child.number);
		log_store_free(child.held);
		counts_free(child.counts);
		return;
	}
	slot->empty = false;
	child.started = clock_now();
	child.serial = ++workers->serial;
	workers->children[workers->child_count++] = child;
}

void
workers_start_due(struct workers *workers)
{
	for (size_t i = 0; i < workers->slot_count; i++)
		if (workers->slots[i].empty &&
		    clock_until_ms(&workers->slots[i].due) == 0)
			start_worker(workers, i);
}

void
workers_retire(struct workers *workers, size_t count, unsigned ms)
{
	for (size_t i = 0; i < count; i++)
		if (!workers->children[i].retired) {
			workers->children[i].retired = true;
			workers->children[i].end_by = clock_in(ms);
			kill(workers->children[i].pid, SIGTERM);
		}
}

void
workers_replace_all(struct workers *workers, unsigned ms)
{
	workers_retire(workers, workers->child_count, ms);
	for (size_t i = 0; i < workers->slot_count; i++) {
		/* An empty slot already has its own pause. */
		if (!workers->slots[i].empty)
			workers->slots[i].due = clock_now();
		workers->slots[i].empty = true;
	}
}

/* A worker normally ends by itself in time. */
void
workers_kill_overdue(const struct workers *workers, bool all)
{
	for (size_t i = 0; i < workers->child_count; i++)
		if (workers->children[i].retired &&
		    (all || clock_until_ms(&workers->children[i].end_by) == 0))
			kill(workers->children[i].pid, SIGKILL);
}

static void
replace(struct workers *workers, const struct child *dead, int status)
{
	struct worker_slot *slot = &workers->slots[dead->slot];
	char text[PAUSE_TEXT];

	slot->pause_ms = pause_after(&dead->started, slot->pause_ms);
	/* Before the log line, at which a test advances its clock. */
	slot->due = clock_in(slot->pause_ms);
	slot->empty = true;
	pause_describe(status, text, sizeof text);
	log_line(pause_log_level(slot->pause_ms),
	    "master: worker %ld ended: %s; another one in %u ms",
	    (long)dead->pid, text, slot->pause_ms);
	slot->pause_ms = pause_next(slot->pause_ms, WORKERS_PAUSE_MS);
}

static bool
reap_leftover(struct workers *workers, pid_t pid)
{
	for (size_t i = 0; i < workers->leftover_count; i++)
		if (workers->leftovers[i].pid == pid) {
			workers->leftovers[i] =
			    workers->leftovers[--workers->leftover_count];
			return true;
		}
	return false;
}

bool
workers_reap(struct workers *workers, pid_t pid, int status, bool replaced)
{
	struct child dead;
	size_t i = 0;

	while (i < workers->child_count && workers->children[i].pid != pid)
		i++;
	if (i == workers->child_count)
		return reap_leftover(workers, pid);
	dead = workers->children[i];
	fdpass_close(dead.line);
	disconnect_services(workers, dead.ends);
	log_store_write(dead.held);
	log_store_free(dead.held);
	counts_collect(&workers->ended, dead.counts, COUNTS_SUMS);
	counts_free(dead.counts);
	limit_worker_end(workers->limits, dead.number);
	workers->child_count--;
	memmove(&workers->children[i], &workers->children[i + 1],
	    (workers->child_count - i) * sizeof *workers->children);
	if (replaced && !dead.retired)
		replace(workers, &dead, status);
	return true;
}

void
workers_adopt(struct workers *workers, pid_t pid, unsigned ms)
{
	struct child *child = &workers->children[0];

	if (workers->child_count == WORKERS_MAX)
		return;
	/* Children are in the order of their start. */
	memmove(child + 1, child, workers->child_count++ * sizeof *child);
	*child = (struct child){
		.pid = pid,
		.number = LIMIT_NONE,
		.line = -1,
		.retired = true,
		.end_by = clock_in(ms),
	};
	for (int i = 0; i < WORKERS_SERVICES; i++)
		child->ends[i] = -1;
	kill(pid, SIGTERM);
}

bool
workers_adopted(const struct workers *workers, pid_t pid)
{
	for (size_t i = 0; i < workers->child_count; i++)
		if (workers->children[i].pid == pid)
			return workers->children[i].serial == 0;
	for (size_t i = 0; i < workers->leftover_count; i++)
		if (workers->leftovers[i].pid == pid)
			return workers->leftovers[i].serial == 0;
	return false;
}

unsigned
workers_pause_ms(const struct workers *workers)
{
	unsigned longest = 0;

	for (size_t i = 0; i < workers->slot_count; i++)
		if (workers->slots[i].pause_ms > longest)
			longest = workers->slots[i].pause_ms;
	return longest;
}

void
workers_set_pause(const struct workers *workers, unsigned ms)
{
	for (size_t i = 0; i < workers->slot_count; i++)
		workers->slots[i].pause_ms = ms;
}

bool
workers_is_short(const struct workers *workers)
{
	for (size_t i = 0; i < workers->slot_count; i++)
		if (workers->slots[i].empty)
			return true;
	return false;
}

bool
workers_is_due(const struct workers *workers)
{
	for (size_t i = 0; i < workers->slot_count; i++)
		if (workers->slots[i].empty &&
		    clock_until_ms(&workers->slots[i].due) == 0)
			return true;
	return false;
}

/* The last word of a retired worker is that it accepts no more clients. */
static bool
is_heard(const struct child *child)
{
	return child->line != -1 && !(child->retired && child->stopped);
}

static bool
may_speak(const struct child *child)
{
	return is_heard(child) && clock_until_ms(&child->heard_again) == 0;
}

long
workers_due_ms(const struct workers *workers, long ms)
{
	for (size_t i = 0; i < workers->slot_count; i++)
		if (workers->slots[i].empty)
			ms = clock_sooner_ms(&workers->slots[i].due, ms);
	for (size_t i = 0; i < workers->child_count; i++) {
		const struct child *child = &workers->children[i];

		if (child->retired)
			ms = clock_sooner_ms(&child->end_by, ms);
		if (is_heard(child) && !may_speak(child))
			ms = clock_sooner_ms(&child->heard_again, ms);
	}
	for (size_t i = 0; i < workers->leftover_count; i++)
		if (workers->leftovers[i].is_alone)
			ms = clock_sooner_ms(&workers->leftovers[i].end_by, ms);
	return ms;
}

size_t
workers_poll(const struct workers *workers, struct pollfd *polled)
{
	size_t count = 0;

	for (size_t i = 0; i < workers->child_count; i++)
		if (may_speak(&workers->children[i]))
			polled[count++] =
			    (struct pollfd){ .fd = workers->children[i].line,
				    .events = POLLIN };
	return count;
}

bool
workers_listen(struct workers *workers, char word)
{
	bool is_said = false;

	for (size_t i = 0; i < workers->child_count; i++) {
		struct child *child = &workers->children[i];
		ssize_t got;
		char said;

		if (!may_speak(child))
			continue;
		got = fdpass_receive_bytes(child->line, &said, 1, 0);
		if (got == 0) {
			fdpass_close(child->line);
			child->line = -1;
		}
		if (got == 1)
			child->heard_again = clock_in(WORD_MS);
		if (got == 1 && said == SERVICE_PING)
			child->heartbeat.asked = false;
		if (got == 1 && said == WORKERS_STOPPED)
			child->stopped = true;
		is_said = is_said || (got == 1 && said == word);
	}
	return is_said;
}

bool
workers_accept_late(const struct workers *workers)
{
	for (size_t i = 0; i < workers->child_count; i++)
		if (workers->children[i].retired &&
		    is_heard(&workers->children[i]))
			return true;
	return false;
}

void
workers_leave_services(struct workers *workers)
{
	for (size_t i = 0; i < workers->child_count; i++)
		for (int j = 0; j < WORKERS_SERVICES; j++)
			workers->children[i].ends[j] = -1;
}

void
workers_leave_to(struct workers *workers, pid_t pid, bool adopted)
{
	if (pid == 0)
		return;
	if (workers->leftover_count == WORKERS_MAX)
		kill(pid, SIGKILL);
	else
		workers->leftovers[workers->leftover_count++] =
		    (struct leftover){ .pid = pid,
			    .serial = adopted ? 0 : workers->serial };
}

void
workers_kill_leftovers(struct workers *workers)
{
	for (size_t i = 0; i < workers->leftover_count; i++) {
		struct leftover *leftover = &workers->leftovers[i];

		/* Children are in the order of their start. */
		if (workers->child_count > 0 &&
		    workers->children[0].serial <= leftover->serial)
			continue;
		if (!leftover->is_alone) {
			leftover->is_alone = true;
			leftover->end_by = clock_in(LEFTOVER_MS);
		}
		if (clock_until_ms(&leftover->end_by) == 0)
			kill(leftover->pid, SIGKILL);
	}
}

void
workers_end_leftovers(struct workers *workers)
{
	while (workers->leftover_count > 0) {
		pid_t pid = workers->leftovers[--workers->leftover_count].pid;

		if (!service_await_end(pid))
			kill(pid, SIGKILL);
	}
}

bool
workers_send(const struct workers *workers, char word, int fd)
{
	bool sent = true;

	for (size_t i = 0; i < workers->child_count; i++) {
		int line = workers->children[i].line;

		/* A worker that has ended is reaped soon. */
		if (line != -1 && fdpass_send(line, word, fd) == -1 &&
		    errno == EAGAIN)
			sent = false;
	}
	return sent;
}

void
workers_dismiss(const struct workers *workers)
{
	/* A worker that this does not reach ends when its socket closes. */
	(void)workers_send(workers, WORKERS_END, -1);
}

void
workers_forget(const struct workers *workers)
{
	for (size_t i = 0; i < workers->child_count; i++) {
		process_close(workers->children[i].line);
		log_store_free(workers->children[i].held);
		counts_free(workers->children[i].counts);
	}
}
