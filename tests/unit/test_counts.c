#include "sys/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_sums_outlive_a_worker(void **state)
{
	struct counts *counts = counts_new();
	struct counts_total total = { 0 };
	pid_t worker;

	(void)state;
	assert_non_null(counts);
	worker = fork();
	if (worker == 0) {
		counts_add(counts, COUNTS_RESPONSE, 1);
		counts_add(counts, COUNTS_DRAIN, 1);
		counts_add(counts, COUNTS_DRAIN, -1);
		for (int i = 0; i < 3; i++)
			counts_add(counts, COUNTS_GOPHER + 51, 1);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(worker, NULL, 0), worker);
	counts_collect(&total, counts, COUNTS_HELLO);
	assert_int_equal(total.at[COUNTS_RESPONSE], 1);
	assert_int_equal(total.at[COUNTS_DRAIN], 0);
	assert_int_equal(total.at[COUNTS_GOPHER + 51], 3);
	/* Its connections have ended with it. */
	counts_collect(&total, counts, COUNTS_SUMS);
	assert_int_equal(total.at[COUNTS_RESPONSE], 1);
	assert_int_equal(total.at[COUNTS_GOPHER + 51], 6);
	counts_free(counts);
}

static void
test_without_memory(void **state)
{
	struct counts_total total = { 0 };

	(void)state;
	counts_add(NULL, COUNTS_HELLO, 1);
	counts_collect(&total, NULL, COUNTS_HELLO);
	for (size_t i = 0; i < COUNTS_END; i++)
		assert_int_equal(total.at[i], 0);
	counts_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_outlive_a_worker),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
