/* When the indexer looks: it rests, but nobody waits too long for an edit. */
#include "daemon/indexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakeclock.h"
#include "sys/clock.h"

static void
it_rests(void **state)
{
	static const struct {
		long took, rests;
	} table[] = { { 0, 0 }, { 2, 18 }, { 100, 900 }, { 400, 3600 },
		{ 500, 3500 }, { 1000, 2500 }, { 2250, 0 }, { 2251, 0 },
		{ 1000000, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(
		    indexer_rest_ms(table[i].took), table[i].rests);
}

/* An edit just after a look has begun is found by the end of the next. */
static void
an_edit_is_found_in_time(void **state)
{
	(void)state;
	for (long took = 0; took <= 2500; took++)
		assert_in_range(2 * took + indexer_rest_ms(took), 0, 5000);
}

/* News are waited for to end, for a second and a half at most. */
static void
a_look_is_due_when_news_have_ended(void **state)
{
	static const struct {
		unsigned first, last; /* news, after the beginning */
		unsigned look_at, rests_until, now;
		long due;
	} table[] = {
		{ 0, 0, 60000, 0, 0, 200 },
		{ 0, 0, 60000, 0, 199, 1 },
		{ 0, 0, 60000, 0, 200, 0 },
		{ 0, 0, 60000, 0, 9000, 0 },
		{ 0, 1000, 60000, 0, 1000, 200 },
		{ 0, 1400, 60000, 0, 1400, 100 },
		{ 0, 1500, 60000, 0, 1500, 0 },
		{ 0, 0, 60000, 3500, 300, 3200 },
		{ 0, 0, 100, 0, 0, 100 },
		{ 0, 0, 100, 3500, 0, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct indexer_schedule schedule = { .news = true };

		fakeclock_stop();
		schedule.first = clock_in(table[i].first);
		schedule.last = clock_in(table[i].last);
		schedule.look_at = clock_in(table[i].look_at);
		schedule.rests_until = clock_in(table[i].rests_until);
		fakeclock_forward_ms(table[i].now);
		if (indexer_due_ms(&schedule) != table[i].due)
			fail_msg("row %zu: %ld", i, indexer_due_ms(&schedule));
		/* Without news it waits for its time. */
		schedule.news = false;
		assert_int_equal(indexer_due_ms(&schedule),
		    clock_until_ms(&schedule.look_at));
	}
	fakeclock_run();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_rests),
		cmocka_unit_test(an_edit_is_found_in_time),
		cmocka_unit_test(a_look_is_due_when_news_have_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
