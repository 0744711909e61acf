/* An array that grows: items stay, and without memory so does the array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/array.h"

static void
items_stay(void **state)
{
	uint64_t *items = NULL;
	size_t room = 0;

	(void)state;
	for (size_t count = 0; count < 1000; count++) {
		items = array_grow(items, count, &room, sizeof *items);
		assert_non_null(items);
		assert_true(count < room && room <= 64 + 2 * count);
		items[count] = count;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void
too_large(void **state)
{
	char item = 'a', *items = &item;
	size_t room = SIZE_MAX / 8, before = room;

	(void)state;
	assert_null(array_grow(items, room, &room, 16));
	assert_int_equal(room, before);
	assert_int_equal(item, 'a');
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(items_stay),
		cmocka_unit_test(too_large) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
