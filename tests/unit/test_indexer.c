/* When the indexer looks: it rests, but nobody waits too long for an edit. */
#include "daemon/indexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_rests),
		cmocka_unit_test(an_edit_is_found_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
