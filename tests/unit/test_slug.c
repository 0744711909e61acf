/* Names of files from titles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/slug.h"

#define MOST 24

struct slug_case {
	const char *in, *latin, *all;
};

static const struct slug_case cases[] = {
	{ "The harbour", "the-harbour", "the-harbour" },
	{ "  What's \xe2\x80\x98new\xe2\x80\x99, 2026?! ", "whats-new-2026",
	    "whats-new-2026" },
	{ "Caf\xc3\xa9 cre\xcc\x80me", "cafe-creme", "cafe-creme" },
	{ "Stra\xc3\x9f"
	  "e, \xc5\x81\xc3\xb3"
	  "d\xc5\xba, \xc3\x98re",
	    "strasse-lodz-ore", "strasse-lodz-ore" },
	{ "\xc6\x8fliyev \xc4\xb0stanbul", "eliyev-istanbul",
	    "eliyev-istanbul" },
	{ "\xc3\x86sir \xc5\x93uvre \xef\xbc\xa1\xef\xbc\xa2",
	    "aesir-oeuvre-ab", "aesir-oeuvre-ab" },
	/* Other scripts keep their letters and marks. */
	{ "\xd0\x9c\xd0\xbe\xd0\xb9 \xd0\xb4\xd0\xbe\xd0\xbc", "",
	    "\xd0\xbc\xd0\xbe\xd0\xb9-\xd0\xb4\xd0\xbe\xd0\xbc" },
	{ "Caf\xc3\xa9 \xd0\xb2 Baku", "cafe-baku", "cafe-\xd0\xb2-baku" },
	{ "\xe0\xa4\x95\xe0\xa4\xbf\xe0\xa4\xa4\xe0\xa4\xbe\xe0\xa4\xac", "",
	    "\xe0\xa4\x95\xe0\xa4\xbf\xe0\xa4\xa4\xe0\xa4\xbe\xe0\xa4\xac" },
	/* Words are left out from the end, and short ones with them. */
	{ "one two three four fives", "one-two-three-four-fives",
	    "one-two-three-four-fives" },
	{ "one two three four of sixes", "one-two-three-four",
	    "one-two-three-four" },
	{ "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx",
	    "abcdefghijklmnopqrstuvwx" },
	{ "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba"
	  "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba",
	    "",
	    "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba"
	    "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba" },
	{ "!?", "", "" },
	{ "", "", "" },
	{ "../..//a\\b", "a-b", "a-b" },
};

static void
check(struct str in, enum slug_letters letters, const char *want)
{
	char room[20 * MOST];
	struct buf out = buf_over(room, sizeof room);

	buf_add(&out, STR("date-"));
	assert_int_equal(slug_add(&out, in, letters, MOST), 0);
	assert_false(out.overflow);
	buf_char(&out, '\0');
	assert_string_equal(room + 5, want);
}

static void
names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str in = str_of(cases[i].in);

		check(in, SLUG_LATIN, cases[i].latin);
		check(in, SLUG_ALL, cases[i].all);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
