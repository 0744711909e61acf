/*
 * The workers of a master: starts, replaces, retires and kills them.
 */
#include "daemon/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/pause.h"
#include "sys/clock.h"
#include "sys/handover.h"

/*
 * The minimum interval between two messages of a worker, so that a hijacked one
 * cannot keep the master busy.
 */
#define WORD_MS 1000

struct place *
crew_places(size_t count)
{
	struct place *places = calloc(count, sizeof *places);

	for (size_t i = 0; places != NULL && i < count; i++)
		places[i].empty = true;
	return places;
}

void
crew_set_places(struct crew *crew, struct place *places, size_t count)
{
	free(crew->places);
	crew->places = places;
	crew->place_count = count;
}

static NO_RETURN void
be_worker(struct crew *crew, struct crew_start *start, const int line[2])
{
	crew_forget(crew);
	close(line[0]);
	start->line = line[1];
	for (int i = 0; i < CREW_SERVICES; i++)
		if (crew->services[i] != NULL)
			service_forget(crew->services[i]);
	crew->work(crew->context, start);
	exit(EXIT_FAILURE);
}

/* Connects a new worker to each service; -1 with errno set. */
static int
connect_services(
    struct crew *crew, int lines[CREW_SERVICES], int ends[CREW_SERVICES])
{
	for (int i = 0; i < CREW_SERVICES; i++)
		lines[i] = ends[i] = -1;
	for (int i = 0; i < CREW_SERVICES; i++) {
		if (crew->services[i] == NULL)
			continue;
		lines[i] = service_connect(crew->services[i], &ends[i]);
		if (lines[i] == -1)
			return -1;
	}
	return 0;
}

static void
disconnect_services(struct crew *crew, const int ends[CREW_SERVICES])
{
	for (int i = 0; i < CREW_SERVICES; i++)
		if (ends[i] != -1 && crew->services[i] != NULL)
			service_disconnect(crew->services[i], ends[i]);
}

/* Returns the worker's pid and sets child->line; -1 with errno set. */
static pid_t
fork_worker(struct crew *crew, struct child *child)
{
	struct crew_start start = { .slot = child->slot,
		.number = child->number,
		.held = child->held };
	int line[2] = { -1, -1 };
	pid_t pid = -1;

	if (connect_services(crew, start.services, child->ends) == 0 &&
	    handover_pair(line) == 0)
		pid = fork();
	if (pid == 0)
		be_worker(crew, &start, line);
	if (line[1] != -1)
		close(line[1]);
	for (int i = 0; i < CREW_SERVICES; i++)
		if (start.services[i] != -1)
			close(start.services[i]);
	child->line = line[0];
	if (pid == -1) {
		if (line[0] != -1)
			close(line[0]);
		disconnect_services(crew, child->ends);
	}
	return pid;
}

static void
start_worker(struct crew *crew, size_t slot)
{
	struct place *place = &crew->places[slot];
	struct child child = { .slot = slot,
		.number = limit_worker_begin(crew->limits),
		.held = log_store_new() };

	errno = EAGAIN;
	child.pid = child.number == LIMIT_NONE ? -1 : fork_worker(crew, &child);
	if (child.pid == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "master: cannot start a worker: %s; trying again",
		    strerror(errno));
		place->empty = true;
		place->due = clock_in(CREW_PAUSE_MS);
		limit_worker_end(crew->limits, child.number);
		log_store_free(child.held);
		return;
	}
	place->empty = false;
	child.started = clock_now();
	child.serial = ++crew->serial;
	crew->children[crew->child_count++] = child;
}

void
crew_start_due(struct crew *crew)
{
	for (size_t i = 0; i < crew->place_count; i++)
		if (crew->places[i].empty &&
		    clock_until_ms(&crew->places[i].due) == 0)
			start_worker(crew, i);
}

void
crew_retire(struct crew *crew, size_t count, unsigned ms)
{
	for (size_t i = 0; i < count; i++)
		if (!crew->children[i].retired) {
			crew->children[i].retired = true;
			crew->children[i].end_by = clock_in(ms);
			kill(crew->children[i].pid, SIGTERM);
		}
}

void
crew_replace_all(struct crew *crew, unsigned ms)
{
	crew_retire(crew, crew->child_count, ms);
	for (size_t i = 0; i < crew->place_count; i++) {
		/* One that is empty has its own pause. */
		if (!crew->places[i].empty)
			crew->places[i].due = clock_now();
		crew->places[i].empty = true;
	}
}

/* A worker normally ends by itself in time. */
void
crew_kill_overdue(const struct crew *crew, bool all)
{
	for (size_t i = 0; i < crew->child_count; i++)
		if (crew->children[i].retired &&
		    (all || clock_until_ms(&crew->children[i].end_by) == 0))
			kill(crew->children[i].pid, SIGKILL);
}

static void
replace(struct crew *crew, const struct child *dead, int status)
{
	struct place *place = &crew->places[dead->slot];
	char text[PAUSE_TEXT];

	place->pause_ms = pause_after(&dead->started, place->pause_ms);
	/*
	 * Before the log line: a test advances its clock when it reads the
	 * line.
	 */
	place->due = clock_in(place->pause_ms);
	place->empty = true;
	pause_describe(status, text, sizeof text);
	log_line(LOG_LEVEL_ERROR,
	    "master: worker %ld ended: %s; another one in %u ms",
	    (long)dead->pid, text, place->pause_ms);
	place->pause_ms = pause_next(place->pause_ms, CREW_PAUSE_MS);
}

static bool
reap_leftover(struct crew *crew, pid_t pid)
{
	for (size_t i = 0; i < crew->leftover_count; i++)
		if (crew->leftovers[i].pid == pid) {
			crew->leftovers[i] =
			    crew->leftovers[--crew->leftover_count];
			return true;
		}
	return false;
}

bool
crew_reap(struct crew *crew, pid_t pid, int status, bool replaced)
{
	struct child dead;
	size_t i = 0;

	while (i < crew->child_count && crew->children[i].pid != pid)
		i++;
	if (i == crew->child_count)
		return reap_leftover(crew, pid);
	dead = crew->children[i];
	if (dead.line != -1)
		handover_close(dead.line);
	disconnect_services(crew, dead.ends);
	log_store_write(dead.held);
	log_store_free(dead.held);
	limit_worker_end(crew->limits, dead.number);
	crew->child_count--;
	memmove(&crew->children[i], &crew->children[i + 1],
	    (crew->child_count - i) * sizeof *crew->children);
	if (replaced && !dead.retired)
		replace(crew, &dead, status);
	return true;
}

void
crew_adopt(struct crew *crew, pid_t pid, unsigned ms)
{
	if (crew->child_count == CREW_MAX)
		return;
	crew->children[crew->child_count++] = (struct child){
		.pid = pid,
		.serial = ++crew->serial,
		.number = LIMIT_NONE,
		.line = -1,
		.retired = true,
		.end_by = clock_in(ms),
	};
	for (int i = 0; i < CREW_SERVICES; i++)
		crew->children[crew->child_count - 1].ends[i] = -1;
	kill(pid, SIGTERM);
}

bool
crew_adopted(const struct crew *crew, pid_t pid)
{
	for (size_t i = 0; i < crew->child_count; i++)
		if (crew->children[i].pid == pid)
			return crew->children[i].number == LIMIT_NONE;
	return false;
}

unsigned
crew_pause_ms(const struct crew *crew)
{
	unsigned longest = 0;

	for (size_t i = 0; i < crew->place_count; i++)
		if (crew->places[i].pause_ms > longest)
			longest = crew->places[i].pause_ms;
	return longest;
}

void
crew_set_pause(const struct crew *crew, unsigned ms)
{
	for (size_t i = 0; i < crew->place_count; i++)
		crew->places[i].pause_ms = ms;
}

bool
crew_is_short(const struct crew *crew)
{
	for (size_t i = 0; i < crew->place_count; i++)
		if (crew->places[i].empty)
			return true;
	return false;
}

bool
crew_is_due(const struct crew *crew)
{
	for (size_t i = 0; i < crew->place_count; i++)
		if (crew->places[i].empty &&
		    clock_until_ms(&crew->places[i].due) == 0)
			return true;
	return false;
}

static long
sooner(long ms, const struct timespec *due)
{
	long due_ms = clock_until_ms(due);

	return due_ms < ms ? due_ms : ms;
}

static bool
may_speak(const struct child *child)
{
	return !child->retired && child->line != -1 &&
	    clock_until_ms(&child->heard_again) == 0;
}

long
crew_due_ms(const struct crew *crew, long ms)
{
	for (size_t i = 0; i < crew->place_count; i++)
		if (crew->places[i].empty)
			ms = sooner(ms, &crew->places[i].due);
	for (size_t i = 0; i < crew->child_count; i++) {
		const struct child *child = &crew->children[i];

		if (child->retired)
			ms = sooner(ms, &child->end_by);
		else if (child->line != -1 && !may_speak(child))
			ms = sooner(ms, &child->heard_again);
	}
	return ms;
}

size_t
crew_poll(const struct crew *crew, struct pollfd *polled)
{
	size_t count = 0;

	for (size_t i = 0; i < crew->child_count; i++)
		if (may_speak(&crew->children[i]))
			polled[count++] =
			    (struct pollfd){ .fd = crew->children[i].line,
				    .events = POLLIN };
	return count;
}

bool
crew_listen(struct crew *crew, char word)
{
	bool is_said = false;

	for (size_t i = 0; i < crew->child_count; i++) {
		struct child *child = &crew->children[i];
		int fd = -1, got;
		char said;

		if (!may_speak(child))
			continue;
		got = handover_receive(child->line, &said, &fd);
		if (fd != -1)
			handover_close(fd);
		if (got == 0) {
			handover_close(child->line);
			child->line = -1;
		}
		if (got == 1)
			child->heard_again = clock_in(WORD_MS);
		is_said = is_said || (got == 1 && said == word);
	}
	return is_said;
}

void
crew_leave_services(struct crew *crew)
{
	for (size_t i = 0; i < crew->child_count; i++)
		for (int j = 0; j < CREW_SERVICES; j++)
			crew->children[i].ends[j] = -1;
}

void
crew_leave_to(struct crew *crew, pid_t pid)
{
	if (pid == 0)
		return;
	if (crew->leftover_count == CREW_MAX) {
		kill(pid, SIGKILL);
		return;
	}
	crew->leftovers[crew->leftover_count++] =
	    (struct leftover){ pid, crew->serial };
}

void
crew_kill_leftovers(const struct crew *crew, bool all)
{
	/* Children are in the order of their start. */
	for (size_t i = 0; i < crew->leftover_count; i++)
		if (all || crew->child_count == 0 ||
		    crew->children[0].serial > crew->leftovers[i].serial)
			kill(crew->leftovers[i].pid, SIGKILL);
}

void
crew_dismiss(const struct crew *crew)
{
	for (size_t i = 0; i < crew->child_count; i++)
		/*
		 * A worker that this does not reach ends when the socket
		 * closes.
		 */
		if (crew->children[i].line != -1 &&
		    handover_send(crew->children[i].line, CREW_END, -1) == -1)
			continue;
}

void
crew_forget(const struct crew *crew)
{
	for (size_t i = 0; i < crew->child_count; i++) {
		if (crew->children[i].line != -1)
			close(crew->children[i].line);
		log_store_free(crew->children[i].held);
	}
}
