/* Questions taken apart: phrases, words, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "text/question.h"

/* Parts joined: words as they are, phrases in brackets. */
static void
expect(const char *text, const char *want)
{
	struct question question;
	char got[4096] = "";

	question_read(str_of(text), &question);
	for (size_t i = 0; i < question.count; i++) {
		const struct question_part *part = &question.parts[i];
		size_t len = strlen(got);

		snprintf(got + len, sizeof got - len,
		    part->is_phrase ? "[%.*s]" : "(%.*s)", STR_ARG(part->text));
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", text, got, want);
}

static void
parts(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ " \t ", "" },
		{ "ships at dawn", "(ships at dawn)" },
		{ "\"at dawn\"", "[at dawn]" },
		{ "ships \"at dawn\" quay", "(ships )[at dawn]( quay)" },
		{ "\"a\"\"b\"", "[a][b]" },
		{ "\"\"", "" },
		{ "\" \"", "" },
		{ "\"open", "(\"open)" },
		{ "a \"b\" \"c", "(a )[b]( \"c)" },
		{ "\xe2\x80\x9c"
		  "a b\xe2\x80\x9d c",
		    "[a b]( c)" },
		{ "\xe2\x80\x9e"
		  "a b\xe2\x80\x9c",
		    "[a b]" },
		{ "\xe2\x80\x9e"
		  "a b\xe2\x80\x9d",
		    "[a b]" },
		{ "\xc2\xab"
		  "a\xc2\xbb",
		    "[a]" },
		{ "\xe2\x80\x9c"
		  "a\"",
		    "(\xe2\x80\x9c"
		    "a\")" },
		{ "it's a AND b* -c ^d col:e NEAR(f)",
		    "(it's a AND b* -c ^d col:e NEAR(f))" },
		{ "\xff\"\xfe\"\xe2\x80", "(\xff)[\xfe](\xe2\x80)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect(table[i][0], table[i][1]);
}

static void
many_parts(void **state)
{
	struct question question;
	char text[QUESTION_PARTS * 8];

	(void)state;
	memset(text, '"', sizeof text);
	for (size_t i = 1; i < sizeof text; i += 3)
		text[i] = 'a';
	question_read((struct str){ text, sizeof text }, &question);
	assert_int_equal(question.count, QUESTION_PARTS);
}

static void
fillers(void **state)
{
	static const char *const yes[] = { "a", "about", "between", "d", "the",
		"why", "your", "yet", "without", "what" };
	static const char *const no[] = { "", "th", "them selves", "thee",
		"May", "may", "will", "zebra", "The", "aa", "yours", "ab" };

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!question_is_filler(str_of(yes[i])))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (question_is_filler(str_of(no[i])))
			fail_msg("%s", no[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(many_parts),
		cmocka_unit_test(fillers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
