/* Faults of texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/textfault.h"

/* A source that gives a few bytes at a time. */
struct text {
	struct str rest;
	size_t piece;
};

static ssize_t
read_text(void *context, char *at, size_t room)
{
	struct text *text = context;
	size_t len = text->piece;

	if (len > room)
		len = room;
	if (len > text->rest.len)
		len = text->rest.len;
	if (len > 0)
		memcpy(at, text->rest.at, len);
	text->rest = str_tail(text->rest, len);
	return (ssize_t)len;
}

static void
found(void **state)
{
	static const struct {
		struct str text;
		bool is_gemtext;
		enum textfault_kind kind;
		size_t line;
	} table[] = {
		{ STR_INIT(""), true, TEXTFAULT_NONE, 0 },
		{ STR_INIT("# A\r\n\tb \n"), true, TEXTFAULT_NONE, 0 },
		{ STR_INIT("\xef\xbb\xbf"), true, TEXTFAULT_MARK, 1 },
		{ STR_INIT("\xef\xbb\xbfz\n"), false, TEXTFAULT_MARK, 1 },
		{ STR_INIT("a\nb\xff"), false, TEXTFAULT_ENCODING, 2 },
		{ STR_INIT("a\nb\xc3"), false, TEXTFAULT_ENCODING, 2 },
		{ STR_INIT("\xed\xa0\x80"), false, TEXTFAULT_ENCODING, 1 },
		{ STR_INIT("a\n\n\x1b[m"), false, TEXTFAULT_CONTROL, 3 },
		{ STR_INIT("a\0b"), false, TEXTFAULT_CONTROL, 1 },
		{ STR_INIT("a\x7f"), false, TEXTFAULT_CONTROL, 1 },
		{ STR_INIT("\xc2\x9b"), true, TEXTFAULT_CONTROL, 1 },
		{ STR_INIT("a\rb\n"), true, TEXTFAULT_CONTROL, 1 },
		{ STR_INIT("```\na\n"), true, TEXTFAULT_UNCLOSED, 2 },
		{ STR_INIT("```\na\n"), false, TEXTFAULT_NONE, 0 },
		{ STR_INIT("```\na\n```"), true, TEXTFAULT_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof table / sizeof *table; i++) {
		struct text text = { table[i / 2].text, i % 2 ? 100 : 4096 };
		struct textfault fault;

		assert_int_equal(textfault_find(read_text, &text,
				     table[i / 2].is_gemtext, &fault),
		    0);
		if (fault.kind != table[i / 2].kind ||
		    (table[i / 2].line != 0 && fault.line != table[i / 2].line))
			fail_msg("%zu: %d in line %zu", i / 2, fault.kind,
			    fault.line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
