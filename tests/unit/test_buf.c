#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <string.h>

#include "text/buf.h"

static void
assert_built(const struct buf *buf, const char *want)
{
	if (!str_equals(buf_str(buf), str_of(want)))
		fail_msg("got '%.*s', want '%s'", STR_ARG(buf_str(buf)), want);
}

static void
text_is_appended(void **state)
{
	char room[64];
	struct buf buf = buf_over(room, sizeof room);

	(void)state;
	assert_built(&buf, "");
	assert_int_equal(buf_room(&buf), sizeof room);
	buf_add(&buf, STR("ab"));
	buf_add(&buf, (struct str){ 0 });
	buf_char(&buf, 'c');
	buf_number(&buf, 0);
	buf_number(&buf, ULLONG_MAX);
	buf_printf(&buf, "[%d %s]", -7, "x");
	assert_built(&buf, "abc018446744073709551615[-7 x]");
	assert_int_equal(buf_room(&buf), sizeof room - buf.len);
	buf_char(&buf, '\0');
	assert_int_equal(buf.at[buf.len - 1], '\0');
	assert_false(buf.overflow);
}

static void
the_last_byte_is_used(void **state)
{
	char room[5] = "....!";
	struct buf buf = buf_over(room, 4);

	(void)state;
	buf_add(&buf, STR("abc"));
	buf_char(&buf, 'd');
	assert_false(buf.overflow);
	assert_int_equal(buf_room(&buf), 0);
	buf_add(&buf, STR(""));
	assert_false(buf.overflow);
	buf_char(&buf, 'e');
	assert_true(buf.overflow);
	assert_built(&buf, "abcd");
	assert_int_equal(room[4], '!');
}

static void
what_does_not_fit_is_dropped_whole(void **state)
{
	char room[7] = "......!";
	struct buf buf = buf_over(room, 6);

	(void)state;
	buf_add(&buf, STR("abcd"));
	buf_add(&buf, STR("efg"));
	assert_true(buf.overflow);
	buf_number(&buf, 123);
	buf_printf(&buf, "%s", "xyz");
	assert_built(&buf, "abcd");
	/* There is room for less, but what was lost stays lost. */
	buf_add(&buf, STR("ef"));
	assert_built(&buf, "abcdef");
	assert_true(buf.overflow);
	assert_int_equal(room[6], '!');
}

static void
formatted_text_is_bounded(void **state)
{
	char room[2048], text[600];
	struct buf buf = buf_over(room, sizeof room);

	(void)state;
	memset(text, 'a', sizeof text);
	buf_printf(&buf, "%.*s", 511, text);
	assert_false(buf.overflow);
	assert_int_equal(buf.len, 511);
	buf_printf(&buf, "%.*s", 512, text);
	assert_true(buf.overflow);
	assert_int_equal(buf.len, 511);
}

static void
no_room_is_no_crash(void **state)
{
	struct buf buf = buf_over(NULL, 0);

	(void)state;
	buf_add(&buf, (struct str){ 0 });
	buf_add(&buf, STR(""));
	assert_false(buf.overflow);
	assert_int_equal(buf_str(&buf).len, 0);
	buf_char(&buf, 'a');
	assert_true(buf.overflow);
}

static void
the_arena_gives_room(void **state)
{
	struct arena arena;
	struct buf buf;

	(void)state;
	arena_init(&arena, 4096);
	buf = buf_in(&arena, 10);
	buf_add(&buf, STR("0123456789"));
	assert_built(&buf, "0123456789");
	assert_false(buf.overflow);
	buf_char(&buf, 'a');
	assert_true(buf.overflow);

	buf = buf_in(&arena, 4096);
	assert_true(buf.overflow);
	assert_int_equal(buf_room(&buf), 0);
	buf_char(&buf, 'a');
	buf_printf(&buf, "%d", 1);
	assert_int_equal(buf_str(&buf).len, 0);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_appended),
		cmocka_unit_test(the_last_byte_is_used),
		cmocka_unit_test(what_does_not_fit_is_dropped_whole),
		cmocka_unit_test(formatted_text_is_bounded),
		cmocka_unit_test(no_room_is_no_crash),
		cmocka_unit_test(the_arena_gives_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
