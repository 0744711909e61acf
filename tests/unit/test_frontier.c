/* Where a walk has been, and that there is an end to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mirror/frontier.h"

static int
add(struct frontier *frontier, const char *request, unsigned depth)
{
	return frontier_add(frontier,
	    &(struct frontier_place){
		.request = str_of(request), .depth = depth });
}

static void
each_once_in_order(void **state)
{
	struct arena arena;
	struct frontier frontier = {
		.arena = &arena, .most = 5000, .deepest = 3
	};
	struct frontier_place place;
	char name[32];

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	assert_int_equal(frontier_open(&frontier), 0);
	assert_false(frontier_next(&frontier, &place));
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < 5000; i++) {
			snprintf(name, sizeof name, "/%d", i);
			assert_int_equal(
			    add(&frontier, name, 1), turn == 0 ? 1 : 0);
		}
	assert_false(frontier.too_many);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "/%d", i);
		assert_true(frontier_next(&frontier, &place));
		assert_string_equal(place.request.at, name);
		assert_int_equal(place.depth, 1);
	}
	assert_false(frontier_next(&frontier, &place));
	/* What was looked at is known still. */
	assert_true(frontier_find(&frontier, STR("/7")) < frontier.count);
	assert_int_equal(
	    frontier_find(&frontier, STR("/5000")), frontier.count);
	assert_int_equal(frontier_find(&frontier, STR("/0")), 0);
	assert_int_equal(frontier_find(&frontier, STR("/7")), 7);
	assert_int_equal(
	    frontier_find(&frontier, STR("/5000")), frontier.count);
	assert_int_equal(add(&frontier, "/7", 1), 0);
	frontier_release(&frontier);
	arena_release(&arena);
}

static void
limits(void **state)
{
	struct arena arena;
	struct frontier frontier = { .arena = &arena, .most = 2, .deepest = 3 };

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	assert_int_equal(frontier_open(&frontier), 0);
	assert_int_equal(add(&frontier, "", 3), 1);
	assert_int_equal(add(&frontier, "/deep", 4), 0);
	assert_true(frontier.too_deep);
	assert_int_equal(add(&frontier, "/a", 0), 1);
	assert_false(frontier.too_many);
	assert_int_equal(add(&frontier, "/a", 0), 0);
	assert_false(frontier.too_many);
	assert_int_equal(add(&frontier, "/b", 0), 0);
	assert_true(frontier.too_many);
	frontier_release(&frontier);
	arena_release(&arena);
}

static void
no_memory(void **state)
{
	struct arena arena;
	struct frontier frontier = { .arena = &arena, .most = 2, .deepest = 3 };
	struct frontier_place place;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	assert_int_equal(frontier_open(&frontier), 0);
	arena_fail_at(&arena, 1);
	assert_int_equal(add(&frontier, "/a", 0), -1);
	assert_false(frontier_next(&frontier, &place));
	frontier_release(&frontier);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_once_in_order),
		cmocka_unit_test(limits),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
