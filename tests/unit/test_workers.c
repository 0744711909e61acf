/* The workers of a master: how soon one that died is started again. */
#include "daemon/workers.h"

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
#include "sys/fdpass.h"

#define PID 1000000000 /* no process: above what the kernel gives */

/* Lets the worker of the first slot die young; the pause after it. */
static long
die(struct workers *workers)
{
	workers->slots[0].empty = false;
	workers->children[0] = (struct child){ .pid = PID,
		.number = LIMIT_NONE,
		.line = -1,
		.started = clock_now() };
	workers->child_count = 1;
	assert_true(workers_reap(workers, PID, SIGKILL, true));
	assert_true(workers->slots[0].empty);
	return clock_until_ms(&workers->slots[0].due);
}

static void
pauses_grow_up_to_a_second(void **state)
{
	static const long pauses_ms[] = { 0, 100, 200, 400, 800, 1000, 1000,
		1000, 1000, 1000, 1000 };
	static struct workers workers;

	(void)state;
	workers_set_slots(&workers, workers_slots(1), 1);
	assert_non_null(workers.slots);
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++)
		assert_int_equal(die(&workers), pauses_ms[i]);
	workers_set_slots(&workers, NULL, 0);
}

/* A worker that cannot be started is not waited for any longer. */
static void
a_failed_start_is_repeated_soon(void **state)
{
	static struct workers workers;

	(void)state;
	workers.limits = limit_new();
	assert_non_null(workers.limits);
	workers_set_slots(&workers, workers_slots(1), 1);
	assert_non_null(workers.slots);
	for (size_t i = 0; i < LIMIT_WORKERS; i++)
		assert_int_equal(limit_worker_begin(workers.limits), i);
	workers_start_due(&workers);
	assert_true(workers.slots[0].empty);
	assert_in_range(clock_until_ms(&workers.slots[0].due), 0, 1000);
	workers_set_slots(&workers, NULL, 0);
	limit_free(workers.limits);
}

static void
end_at_once(void *context, const struct workers_start *start)
{
	(void)context;
	(void)start;
	_exit(0);
}

/* Children of a predecessor may have taken all the room. */
static void
there_is_room_for_so_many(void **state)
{
	static struct workers workers = { .work = end_at_once };

	(void)state;
	workers.limits = limit_new();
	assert_non_null(workers.limits);
	workers_set_slots(&workers, workers_slots(1), 1);
	assert_non_null(workers.slots);
	for (pid_t i = 0; i < WORKERS_MAX; i++)
		workers_adopt(&workers, PID + i, 1000);
	workers_start_due(&workers);
	assert_int_equal(workers.child_count, WORKERS_MAX);
	assert_true(workers.slots[0].empty);
	workers_set_slots(&workers, NULL, 0);
	limit_free(workers.limits);
}

/* Fills the workers with a worker whose end of the line is `*end`. */
static void
add_worker(struct workers *workers, int *end)
{
	int line[2];

	assert_int_equal(fdpass_pair(line), 0);
	workers->children[workers->child_count++] =
	    (struct child){ .pid = PID, .number = LIMIT_NONE, .line = line[0] };
	*end = line[1];
}

/* A worker that was taken over may say anything, at any length. */
static void
workers_are_heard_but_once_a_second(void **state)
{
	static struct workers workers;
	static struct pollfd polled[WORKERS_MAX];
	int ends[2];

	(void)state;
	add_worker(&workers, &ends[0]);
	add_worker(&workers, &ends[1]);
	assert_int_equal(workers_poll(&workers, polled), 2);
	assert_false(workers_listen(&workers, 'k'));
	assert_int_equal(fdpass_send(ends[1], 'x', ends[0]), 0);
	assert_false(workers_listen(&workers, 'k'));
	/* Once in a second, however much it says, and again in the next. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(fdpass_send(ends[1], 'k', -1), 0);
		assert_false(workers_listen(&workers, 'k'));
		assert_int_equal(workers_poll(&workers, polled), 1);
		assert_in_range(workers_due_ms(&workers, 5000), 1, 1000);
		fakeclock_forward_ms(1000);
		assert_int_equal(workers_poll(&workers, polled), 2);
		assert_int_equal(workers_due_ms(&workers, 5000), 5000);
		assert_true(workers_listen(&workers, 'k'));
	}
	fakeclock_forward_ms(1000);
	/* One that has closed its line, and one that is to end soon. */
	close(ends[0]);
	assert_false(workers_listen(&workers, 'k'));
	assert_int_equal(workers_poll(&workers, polled), 1);
	assert_int_equal(workers.children[0].line, -1);
	assert_false(workers_accept_late(&workers));
	workers.children[1].retired = true;
	assert_true(workers_accept_late(&workers));
	fakeclock_forward_ms(1000);
	assert_int_equal(workers_poll(&workers, polled), 1);
	assert_int_equal(fdpass_send(ends[1], WORKERS_STOPPED, -1), 0);
	assert_false(workers_listen(&workers, 'k'));
	assert_false(workers_accept_late(&workers));
	assert_int_equal(workers_poll(&workers, polled), 0);
	workers_forget(&workers);
	close(ends[1]);
}

/* A predecessor's child is known by its pid alone, and not replaced. */
static void
children_of_a_predecessor(void **state)
{
	static struct workers workers;

	(void)state;
	workers_set_slots(&workers, workers_slots(1), 1);
	assert_non_null(workers.slots);
	workers_adopt(&workers, PID, 1000);
	assert_int_equal(workers.child_count, 1);
	assert_true(workers_adopted(&workers, PID));
	assert_false(workers_adopted(&workers, PID + 1));
	assert_true(workers.children[0].retired);
	workers.slots[0].empty = false;
	workers.serial = 1;
	/* Its services end with it, and not with the newer children. */
	workers_leave_to(&workers, PID + 1, false);
	workers_leave_to(&workers, PID + 2, true);
	assert_false(workers_adopted(&workers, PID + 1));
	assert_true(workers_adopted(&workers, PID + 2));
	assert_true(workers_reap(&workers, PID + 2, SIGKILL, true));
	assert_false(workers_adopted(&workers, PID + 2));
	assert_true(workers_reap(&workers, PID + 1, SIGKILL, true));
	/* It is older than all. */
	workers_adopt(&workers, PID + 3, 1000);
	assert_int_equal(workers.children[0].pid, PID + 3);
	assert_int_equal(workers.children[1].pid, PID);
	assert_true(workers_reap(&workers, PID + 3, SIGKILL, true));
	assert_true(workers_reap(&workers, PID, SIGSEGV, true));
	assert_int_equal(workers.child_count, 0);
	assert_false(workers_is_short(&workers));
	workers_set_slots(&workers, NULL, 0);
}

static void
pauses_are_handed_over(void **state)
{
	static struct workers workers;

	(void)state;
	workers_set_slots(&workers, workers_slots(2), 2);
	assert_non_null(workers.slots);
	assert_int_equal(workers_pause_ms(&workers), 0);
	(void)die(&workers);
	(void)die(&workers);
	assert_int_equal(workers_pause_ms(&workers), 200);
	workers_set_pause(&workers, 400);
	assert_int_equal(die(&workers), 400);
	assert_true(workers_is_short(&workers));
	workers.slots[1].empty = false;
	assert_false(workers_is_due(&workers));
	fakeclock_forward_ms(400);
	assert_true(workers_is_due(&workers));
	workers_set_slots(&workers, NULL, 0);
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
		cmocka_unit_test(there_is_room_for_so_many),
		cmocka_unit_test(workers_are_heard_but_once_a_second),
		cmocka_unit_test(children_of_a_predecessor),
		cmocka_unit_test(pauses_are_handed_over),
		cmocka_unit_test(faults),
	};

	/* Every worker dies young, however slow the machine is. */
	fakeclock_stop();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
