#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

#include "text/arena.h"

#define CAP ((size_t)1 << 20)

static void
assert_zeroed(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(at[i], 0);
}

static void
nothing_is_held_before_use(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, CAP);
	assert_int_equal(arena.held, 0);
	arena_reset(&arena);
	assert_int_equal(arena.held, 0);
	arena_release(&arena);
	arena_release(&arena);
	assert_int_equal(arena.held, 0);
}

static void
memory_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 1, 0, 7, 16, 17, 100, 3000, 1, 70000,
		5 };
	enum {
		COUNT = sizeof sizes / sizeof sizes[0]
	};
	char *got[COUNT];
	struct arena arena;

	(void)state;
	arena_init(&arena, CAP);
	/* A second round in used memory, which must look as new. */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT; i++) {
			got[i] = arena_alloc(&arena, sizes[i]);
			assert_non_null(got[i]);
			assert_int_equal(
			    (uintptr_t)got[i] % alignof(max_align_t), 0);
			assert_zeroed(got[i], sizes[i]);
			memset(got[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < COUNT; i++) {
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(got[i][j], i + 1);
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
}

static void
the_cap_holds(void **state)
{
	static const size_t caps[] = { 0, 1, 64, 100, 2047, 2048, 2049, 5000,
		100000 };
	static const size_t sizes[] = { 1, 24, 1000, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
		for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
			struct arena arena;
			size_t total = 0;

			arena_init(&arena, caps[i]);
			while (arena_alloc(&arena, sizes[j]) != NULL) {
				total += sizes[j];
				assert_true(arena.held <= caps[i]);
				assert_true(total <= caps[i]);
			}
			assert_true(arena.held <= caps[i]);
			arena_release(&arena);
			assert_int_equal(arena.held, 0);
		}
	}
}

static void
a_refusal_spoils_nothing(void **state)
{
	struct arena arena;
	char *before;

	(void)state;
	arena_init(&arena, 4096);
	before = arena_alloc(&arena, 100);
	assert_non_null(before);
	assert_null(arena_alloc(&arena, 4096));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX / 2));
	assert_null(arena_alloc(&arena, SIZE_MAX - 15));
	assert_non_null(arena_alloc(&arena, 100));
	assert_zeroed(before, 100);
	arena_release(&arena);
}

/* A loop that resets pays for its memory once. */
static void
reset_keeps_one_chunk(void **state)
{
	struct arena arena;
	size_t held = 0;

	(void)state;
	arena_init(&arena, CAP);
	for (int i = 0; i < 100; i++) {
		assert_non_null(arena_alloc(&arena, 500));
		assert_non_null(arena_alloc(&arena, 500));
		if (i == 0)
			held = arena.held;
		assert_int_equal(arena.held, held);
		arena_reset(&arena);
	}
	assert_non_null(arena_alloc(&arena, 10000));
	assert_true(arena.held > held);
	arena_release(&arena);
	assert_non_null(arena_alloc(&arena, 1));
	arena_release(&arena);
}

static void
large_use_takes_few_chunks(void **state)
{
	struct arena arena;
	size_t last = 0;
	int grown = 0;

	(void)state;
	arena_init(&arena, CAP);
	for (int i = 0; i < 10000; i++) {
		assert_non_null(arena_alloc(&arena, 64));
		grown += arena.held != last;
		last = arena.held;
	}
	assert_in_range(grown, 1, 20);
	arena_release(&arena);
}

static void
copies_are_made(void **state)
{
	struct arena arena;
	struct str copy = STR("as it was");
	char text[] = "abc", *string;

	(void)state;
	arena_init(&arena, CAP);
	assert_int_equal(arena_copy(&arena, str_of(text), &copy), 0);
	string = arena_string(&arena, str_of(text));
	text[0] = 'x';
	assert_true(str_equals(copy, STR("abc")));
	assert_string_equal(string, "abc");
	string = arena_string(&arena, (struct str){ 0 });
	assert_string_equal(string, "");
	assert_int_equal(arena_copy(&arena, (struct str){ 0 }, &copy), 0);
	assert_int_equal(copy.len, 0);
	assert_int_equal(arena_copy(&arena, STR("a\0b"), &copy), 0);
	assert_true(str_equals(copy, STR("a\0b")));
	arena_fail_at(&arena, 1);
	assert_int_equal(arena_copy(&arena, STR("new"), &copy), -1);
	assert_true(str_equals(copy, STR("a\0b")));
	assert_null(arena_string(&arena, STR("new")));
	arena_release(&arena);
}

static void
failure_comes_when_asked(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t n = 1; n < 5; n++) {
		arena_fail_at(&arena, n);
		for (size_t i = 1; i < n; i++)
			assert_non_null(arena_alloc(&arena, 1));
		for (size_t i = 0; i < 3; i++)
			assert_null(arena_alloc(&arena, 1));
		arena_fail_at(&arena, 0);
		assert_non_null(arena_alloc(&arena, 1));
	}
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_held_before_use),
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(the_cap_holds),
		cmocka_unit_test(a_refusal_spoils_nothing),
		cmocka_unit_test(reset_keeps_one_chunk),
		cmocka_unit_test(large_use_takes_few_chunks),
		cmocka_unit_test(copies_are_made),
		cmocka_unit_test(failure_comes_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
