/* A list of paths: what is in it, and what happens without memory. */
#include "text/pathlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "scarce.h"

static void
it_holds_copies(void **state)
{
	struct pathlist list = { 0 };
	char text[16];

	(void)state;
	assert_false(pathlist_has(&list, STR("/0")));
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "/%d", i);
		assert_int_equal(pathlist_add(&list, str_of(text)), 0);
	}
	assert_int_equal(list.count, 1000);
	assert_string_equal(list.paths[0], "/0");
	assert_string_equal(list.paths[999], "/999");
	assert_true(pathlist_has(&list, STR("/0")));
	assert_true(pathlist_has(&list, STR("/999")));
	assert_false(pathlist_has(&list, STR("/99/9")));
	assert_false(pathlist_has(&list, STR("/1000")));
	pathlist_release(&list);
	assert_int_equal(list.count, 0);
	pathlist_release(&list);
}

static void
no_memory(void **state)
{
	struct pathlist list = { 0 };

	(void)state;
	scarce_memory(1);
	assert_int_equal(pathlist_add(&list, STR("/a")), -1);
	assert_int_equal(errno, ENOMEM);
	scarce_memory(0);
	assert_int_equal(list.count, 0);
	assert_int_equal(pathlist_add(&list, STR("/a")), 0);
	pathlist_release(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_copies),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
