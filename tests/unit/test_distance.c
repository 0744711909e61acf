/* How many mistakes lie between two words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/distance.h"

static void
distances(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned most, want;
	} table[] = {
		{ "harbour", "harbour", 2, 0 },
		{ "harbour", "harbor", 2, 1 },
		{ "harbour", "harbuor", 2, 1 },
		{ "harbour", "aharbour", 2, 1 },
		{ "harbour", "habrour", 2, 1 },
		{ "harbour", "harbours", 2, 1 },
		{ "harbour", "harvour", 2, 1 },
		{ "harbour", "hrbuor", 2, 2 },
		{ "harbour", "labour", 2, 2 },
		{ "harbour", "arm", 2, 3 },
		{ "harbour", "zebra", 2, 3 },
		{ "ab", "ba", 1, 1 },
		{ "abc", "ca", 3, 3 },
		{ "a", "b", 0, 1 },
		{ "a", "a", 0, 0 },
		{ "", "a", 2, 3 },
		{ "a", "", 2, 3 },
		/* Characters, not bytes. */
		{ "cr\xc3\xa8me", "creme", 2, 1 },
		{ "\xe4\xb8\x96\xe7\x95\x8c", "\xe7\x95\x8c\xe4\xb8\x96", 2,
		    1 },
		{ "\xff\xfe", "a", 2, 2 },
		/* Longer than is compared. */
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2, 3 },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct str a = str_of(table[i].a), b = str_of(table[i].b);
		unsigned there = distance_of(a, b, table[i].most);
		unsigned back = distance_of(b, a, table[i].most);

		if (there != table[i].want || back != table[i].want)
			fail_msg("%s, %s: %u and %u, want %u", table[i].a,
			    table[i].b, there, back, table[i].want);
	}
}

static void
shared(void **state)
{
	static const struct {
		const char *a, *b;
		size_t want;
	} table[] = {
		{ "ukraine", "ukrainian", 6 },
		{ "", "a", 0 },
		{ "abc", "abc", 3 },
		{ "abc", "abcd", 3 },
		{ "x\xc3\xa8", "x\xc3\xa9", 1 },
		{ "x\xc3\xa8", "x\xc3\xa8", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(
		    distance_shared(str_of(table[i].a), str_of(table[i].b)),
		    table[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
