/* The workers of a master: how soon one that died is started again. */
#include "daemon/crew.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fakeclock.h"
#include "sys/clock.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_up_to_a_second),
		cmocka_unit_test(a_failed_start_is_repeated_soon),
	};

	/* Every worker dies young, however slow the machine is. */
	fakeclock_stop();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
