/* Files by what they are: a set that grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tool/file_set.h"

#define MANY 20000

static struct stat
file(size_t i)
{
	return (struct stat){ .st_dev = i % 3, .st_ino = i / 3 };
}

static void
holds_what_was_added(void **state)
{
	struct file_set file_set = { 0 };
	struct stat st = file(1);

	(void)state;
	assert_false(file_set_has(&file_set, &st, FILE_SET_REACHED));
	for (size_t i = 0; i < MANY; i++) {
		st = file(i);
		file_set_add(&file_set, &st, FILE_SET_REACHED);
		file_set_add(&file_set, &st, FILE_SET_REACHED);
		if (i % 2 == 0)
			file_set_add(&file_set, &st, FILE_SET_LISTED);
	}
	assert_int_equal(file_set.count, MANY + MANY / 2);
	assert_false(file_set.incomplete);
	for (size_t i = 0; i < MANY; i++) {
		st = file(i);
		assert_true(file_set_has(&file_set, &st, FILE_SET_REACHED));
		assert_int_equal(
		    file_set_has(&file_set, &st, FILE_SET_LISTED), i % 2 == 0);
		st = file(MANY + i);
		assert_false(file_set_has(&file_set, &st, FILE_SET_REACHED));
	}
	file_set_release(&file_set);
	assert_false(file_set_has(&file_set, &st, FILE_SET_REACHED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
