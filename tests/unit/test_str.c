#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>

#include "text/str.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct str nothing;

static void
assert_text(struct str got, const char *want)
{
	if (!str_equals(got, str_of(want)))
		fail_msg("got '%.*s', want '%s'", STR_ARG(got), want);
}

static void
views_are_made(void **state)
{
	(void)state;
	assert_int_equal(str_of(NULL).len, 0);
	assert_int_equal(str_of("").len, 0);
	assert_int_equal(str_of("abc").len, 3);
	assert_int_equal(STR("").len, 0);
	assert_int_equal(STR("a\0c").len, 3);
}

static void
order_is_of_bytes(void **state)
{
	static const struct str sorted[] = { STR_INIT(""), STR_INIT("A"),
		STR_INIT("a"), STR_INIT("a\0"), STR_INIT("a/b"), STR_INIT("aa"),
		STR_INIT("b"), STR_INIT("\xc3\xbc") };

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++)
		for (size_t j = 0; j < COUNT(sorted); j++) {
			int order = str_compare(sorted[i], sorted[j]);

			assert_int_equal(
			    (order > 0) - (order < 0), (i > j) - (i < j));
		}
	assert_int_equal(str_compare(nothing, nothing), 0);
}

static void
equality_is_of_bytes(void **state)
{
	static const struct {
		const char *a, *b;
		bool same, same_nocase;
	} table[] = {
		{ "", "", true, true },
		{ "a", "a", true, true },
		{ "a", "A", false, true },
		{ "a", "b", false, false },
		{ "a", "", false, false },
		{ "a", "aa", false, false },
		{ "aZ-09", "Az-09", false, true },
		{ "@", "`", false, false },
		{ "[", "{", false, false },
		{ "\xc3\xbc", "\xc3\xbc", true, true },
		{ "\xc3\xbc", "\xc3\x9c", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct str a = str_of(table[i].a), b = str_of(table[i].b);

		if (str_equals(a, b) != table[i].same ||
		    str_equals(b, a) != table[i].same ||
		    (str_compare(a, b) == 0) != table[i].same ||
		    str_equals_nocase(a, b) != table[i].same_nocase ||
		    str_equals_nocase(b, a) != table[i].same_nocase)
			fail_msg("'%s' and '%s'", table[i].a, table[i].b);
	}
	assert_true(str_equals(nothing, STR("")));
	assert_true(str_equals_nocase(nothing, STR("")));
	assert_true(str_equals(nothing, nothing));
	assert_false(str_equals(STR("a\0b"), STR("a\0c")));
	assert_true(str_equals(STR("a\0b"), STR("a\0b")));
}

static void
starts_and_ends(void **state)
{
	static const struct {
		const char *s, *part;
		bool starts, ends;
	} table[] = {
		{ "", "", true, true },
		{ "abc", "", true, true },
		{ "abc", "a", true, false },
		{ "abc", "c", false, true },
		{ "abc", "abc", true, true },
		{ "abc", "abcd", false, false },
		{ "abc", "dabc", false, false },
		{ "abab", "ab", true, true },
		{ "", "a", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct str s = str_of(table[i].s);
		struct str part = str_of(table[i].part);

		if (str_starts(s, part) != table[i].starts ||
		    str_ends(s, part) != table[i].ends)
			fail_msg("'%s' of '%s'", table[i].part, table[i].s);
	}
	assert_true(str_starts(nothing, nothing));
	assert_true(str_ends(nothing, STR("")));
}

static void
heads_and_tails(void **state)
{
	struct str abc = STR("abc");

	(void)state;
	assert_text(str_head(abc, 0), "");
	assert_text(str_head(abc, 2), "ab");
	assert_text(str_head(abc, 3), "abc");
	assert_text(str_tail(abc, 0), "abc");
	assert_text(str_tail(abc, 2), "c");
	assert_text(str_tail(abc, 3), "");
	assert_text(str_head(nothing, 0), "");
	assert_text(str_tail(nothing, 0), "");
}

static void
bytes_are_found(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("abca"), 'a'), 0);
	assert_int_equal(str_find(STR("abca"), 'c'), 2);
	assert_int_equal(str_find(STR("abca"), 'd'), 4);
	assert_int_equal(str_find(STR("ab\0c"), '\0'), 2);
	assert_int_equal(str_find(STR("ab\xff"), '\xff'), 2);
	/* The NUL that ends a literal is none of it. */
	assert_int_equal(str_find(STR("ab"), '\0'), 2);
	assert_int_equal(str_find(nothing, 'a'), 0);
}

static void
cutting_takes_it_all(void **state)
{
	static const struct {
		const char *in, *head, *rest;
	} table[] = {
		{ "a/b/c", "a", "b/c" },
		{ "/a", "", "a" },
		{ "a/", "a", "" },
		{ "a", "a", "" },
		{ "/", "", "" },
		{ "//", "", "/" },
		{ "", "", "" },
	};
	struct str empty = nothing;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct str rest = str_of(table[i].in);

		assert_text(str_cut(&rest, '/'), table[i].head);
		assert_text(rest, table[i].rest);
	}
	assert_int_equal(str_cut(&empty, '/').len, 0);
	assert_int_equal(empty.len, 0);
}

static void
trimming_knows_three_spaces(void **state)
{
	static const struct {
		const char *in, *start, *end;
	} table[] = {
		{ "", "", "" },
		{ " ", "", "" },
		{ " \t\r", "", "" },
		{ "a", "a", "a" },
		{ " a b ", "a b ", " a b" },
		{ "\r\t a\t \r", "a\t \r", "\r\t a" },
		{ "\na\n", "\na\n", "\na\n" },
		{ "\va\f", "\va\f", "\va\f" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct str in = str_of(table[i].in);

		assert_text(str_trim_start(in), table[i].start);
		assert_text(str_trim_end(in), table[i].end);
	}
	assert_text(str_trim_start(nothing), "");
	assert_text(str_trim_end(nothing), "");
}

static void
numbers_are_digits_within_bounds(void **state)
{
	static const struct {
		const char *in;
		unsigned long most;
		bool good;
		unsigned long want;
	} table[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "0", 9, true, 0 },
		{ "007", 9, true, 7 },
		{ "7", 5, false, 0 },
		{ "10", 9, false, 0 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "655350", 65535, false, 0 },
		{ "99999999999999999999999", ULONG_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "1a", 99, false, 0 },
		{ "/", 99, false, 0 },
		{ ":", 99, false, 0 },
		{ "\xb1", 99, false, 0 },
		{ "0x1", 99, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		unsigned long got = 4711;
		bool good =
		    str_number(str_of(table[i].in), table[i].most, &got);

		if (good != table[i].good ||
		    got != (good ? table[i].want : 4711))
			fail_msg("'%s': %d, %lu", table[i].in, good, got);
	}
}

static void
the_largest_number_is_read(void **state)
{
	char text[32];
	unsigned long got = 0;

	(void)state;
	snprintf(text, sizeof text, "%lu", ULONG_MAX);
	assert_true(str_number(str_of(text), ULONG_MAX, &got));
	assert_true(got == ULONG_MAX);
	/* Its last digit is a 5, whatever its width: 2^n - 1. */
	text[str_of(text).len - 1]++;
	assert_false(str_number(str_of(text), ULONG_MAX, &got));
	assert_true(got == ULONG_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_are_made),
		cmocka_unit_test(equality_is_of_bytes),
		cmocka_unit_test(order_is_of_bytes),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(heads_and_tails),
		cmocka_unit_test(bytes_are_found),
		cmocka_unit_test(cutting_takes_it_all),
		cmocka_unit_test(trimming_knows_three_spaces),
		cmocka_unit_test(numbers_are_digits_within_bounds),
		cmocka_unit_test(the_largest_number_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
