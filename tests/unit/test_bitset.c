/* Sets of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/bitset.h"

static void
members(void **state)
{
	static const uint64_t in[] = { 0, 1, 7, 8, 63, 64, 511, 100000 };
	static const uint64_t out[] = { 2, 6, 9, 62, 65, 99999, 100001, 1000000,
		UINT64_MAX };
	struct bitset set = { 0 };

	(void)state;
	assert_false(bitset_has(&set, 0));
	for (size_t i = 0; i < sizeof in / sizeof *in; i++)
		assert_int_equal(bitset_add(&set, in[i]), 0);
	for (size_t i = 0; i < sizeof in / sizeof *in; i++)
		assert_true(bitset_has(&set, in[i]));
	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		assert_false(bitset_has(&set, out[i]));
	assert_in_range(set.size, 100000 / 8, 100000 / 4 + 128);
	assert_int_equal(bitset_add(&set, UINT64_MAX), -1);
	bitset_release(&set);
	assert_false(bitset_has(&set, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(members) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
