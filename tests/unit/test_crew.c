/* The workers of a master: how soon one that died is started again. */
#include "daemon/crew.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "daemon/pause.h"
#include "fakeclock.h"
#include "sys/clock.h"
#include "sys/handover.h"

#define PID 1000000000 /* no process: above what the kernel gives */

/* Lets the worker of the first place die young; the pause after it. */
static long
die(struct crew *crew)
{
	crew->places[0].empty = false;
	crew->children[0] = (struct child){ .pid = PID,
		.number = LIMIT_NONE,
		.line = -1,
		.started = clock_now() };
	crew->child_count = 1;
	assert_true(crew_reap(crew, PID, SIGKILL, true));
	assert_true(crew->places[0].empty);
	return clock_until_ms(&crew->places[0].due);
}

static void
pauses_grow_up_to_a_second(void **state)
{
	static const long pauses_ms[] = { 0, 100, 200, 400, 800, 1000, 1000,
		1000, 1000, 1000, 1000 };
	static struct crew crew;

	(void)state;
	crew_set_places(&crew, crew_places(1), 1);
	assert_non_null(crew.places);
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++)
		assert_int_equal(die(&crew), pauses_ms[i]);
	crew_set_places(&crew, NULL, 0);
}

/* A worker that cannot be started is not waited for any longer. */
static void
a_failed_start_is_repeated_soon(void **state)
{
	static struct crew crew;

	(void)state;
	crew.limits = limit_new();
	assert_non_null(crew.limits);
	crew_set_places(&crew, crew_places(1), 1);
	assert_non_null(crew.places);
	for (size_t i = 0; i < LIMIT_WORKERS; i++)
		assert_int_equal(limit_worker_begin(crew.limits), i);
	crew_start_due(&crew);
	assert_true(crew.places[0].empty);
	assert_in_range(clock_until_ms(&crew.places[0].due), 0, 1000);
	crew_set_places(&crew, NULL, 0);
	limit_free(crew.limits);
}

/* Fills the crew with a worker whose end of the line is `*end`. */
static void
add_worker(struct crew *crew, int *end)
{
	int line[2];

	assert_int_equal(handover_pair(line), 0);
	crew->children[crew->child_count++] =
	    (struct child){ .pid = PID, .number = LIMIT_NONE, .line = line[0] };
	*end = line[1];
}

/* A worker that was taken over may say anything, at any length. */
static void
workers_are_heard_but_once_a_second(void **state)
{
	static struct crew crew;
	static struct pollfd polled[CREW_MAX];
	int ends[2];

	(void)state;
	add_worker(&crew, &ends[0]);
	add_worker(&crew, &ends[1]);
	assert_int_equal(crew_poll(&crew, polled), 2);
	assert_false(crew_listen(&crew, 'k'));
	assert_int_equal(handover_send(ends[1], 'x', ends[0]), 0);
	assert_false(crew_listen(&crew, 'k'));
	/* Once in a second, however much it says, and again in the next. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(handover_send(ends[1], 'k', -1), 0);
		assert_false(crew_listen(&crew, 'k'));
		assert_int_equal(crew_poll(&crew, polled), 1);
		assert_in_range(crew_due_ms(&crew, 5000), 1, 1000);
		fakeclock_forward_ms(1000);
		assert_int_equal(crew_poll(&crew, polled), 2);
		assert_int_equal(crew_due_ms(&crew, 5000), 5000);
		assert_true(crew_listen(&crew, 'k'));
	}
	fakeclock_forward_ms(1000);
	/* One that has closed its line, and one that is to end. */
	close(ends[0]);
	assert_false(crew_listen(&crew, 'k'));
	assert_int_equal(crew_poll(&crew, polled), 1);
	assert_int_equal(crew.children[0].line, -1);
	crew.children[1].retired = true;
	assert_int_equal(crew_poll(&crew, polled), 0);
	crew_forget(&crew);
	close(ends[1]);
}

/* A predecessor's child is known by its pid alone, and not replaced. */
static void
children_of_a_predecessor(void **state)
{
	static struct crew crew;

	(void)state;
	crew_set_places(&crew, crew_places(1), 1);
	assert_non_null(crew.places);
	crew_adopt(&crew, PID, 1000);
	assert_int_equal(crew.child_count, 1);
	assert_true(crew_adopted(&crew, PID));
	assert_false(crew_adopted(&crew, PID + 1));
	assert_true(crew.children[0].retired);
	crew.places[0].empty = false;
	assert_true(crew_reap(&crew, PID, SIGSEGV, true));
	assert_int_equal(crew.child_count, 0);
	assert_false(crew_is_short(&crew));
	crew_set_places(&crew, NULL, 0);
}

static void
pauses_are_handed_over(void **state)
{
	static struct crew crew;

	(void)state;
	crew_set_places(&crew, crew_places(2), 2);
	assert_non_null(crew.places);
	assert_int_equal(crew_pause_ms(&crew), 0);
	(void)die(&crew);
	(void)die(&crew);
	assert_int_equal(crew_pause_ms(&crew), 200);
	crew_set_pause(&crew, 400);
	assert_int_equal(die(&crew), 400);
	assert_true(crew_is_short(&crew));
	crew.places[1].empty = false;
	assert_false(crew_is_due(&crew));
	fakeclock_forward_ms(400);
	assert_true(crew_is_due(&crew));
	crew_set_places(&crew, NULL, 0);
}

static void
faults(void **state)
{
	static const int all[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
		SIGSYS },
			 none[] = { SIGKILL, SIGTERM, SIGPIPE, SIGHUP };

	(void)state;
	/* The status of a process that a signal ended is its number. */
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_true(pause_is_fault(all[i]));
		assert_true(pause_is_fault(all[i] | 0x80));
		assert_false(pause_is_fault(all[i] << 8));
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(pause_is_fault(none[i]));
	assert_false(pause_is_fault(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_up_to_a_second),
		cmocka_unit_test(a_failed_start_is_repeated_soon),
		cmocka_unit_test(workers_are_heard_but_once_a_second),
		cmocka_unit_test(children_of_a_predecessor),
		cmocka_unit_test(pauses_are_handed_over),
		cmocka_unit_test(faults),
	};

	/* Every worker dies young, however slow the machine is. */
	fakeclock_stop();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
