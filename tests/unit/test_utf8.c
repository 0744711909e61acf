/* Text made fit to be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/utf8.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	struct str in, want;
} table[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("plain"), STR_INIT("plain") },
	{ STR_INIT("Gr\xc3\xbc\xc3\x9f"
		   "e, \xe4\xb8\x96\xe7\x95\x8c"),
	    STR_INIT("Gr\xc3\xbc\xc3\x9f"
		     "e, \xe4\xb8\x96\xe7\x95\x8c") },
	{ STR_INIT("a\tb"), STR_INIT("a b") },
	{ STR_INIT("a\x1b[1mb"), STR_INIT("a[1mb") },
	{ STR_INIT("a\0b\r\nc\x7f"), STR_INIT("abc") },
	{ STR_INIT("a\xc2\x9b"
		   "b"),
	    STR_INIT("ab") },
	{ STR_INIT("\xc2\xa0"), STR_INIT("\xc2\xa0") },
	{ STR_INIT("\xff"), STR_INIT(BAD) },
	{ STR_INIT("a\xc3"), STR_INIT("a" BAD) },
	{ STR_INIT("\xe4\xb8"), STR_INIT(BAD BAD) },
	{ STR_INIT("\xc0\x80"), STR_INIT(BAD BAD) },
	{ STR_INIT("\xed\xa0\x80"), STR_INIT(BAD BAD BAD) },
	{ STR_INIT("\xf4\x90\x80\x80"), STR_INIT(BAD BAD BAD BAD) },
};

static const struct {
	struct str in, want;
} escapes[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("Gr\xc3\xbc\xc3\x9f"
		   "e, \xe4\xb8\x96\xe7\x95\x8c \\"),
	    STR_INIT("Gr\xc3\xbc\xc3\x9f"
		     "e, \xe4\xb8\x96\xe7\x95\x8c \\") },
	{ STR_INIT("a\t\r\n\x1b\x7f\0"),
	    STR_INIT("a\\x09\\x0D\\x0A\\x1B\\x7F\\x00") },
	{ STR_INIT("a\xc2\x9b"
		   "b"),
	    STR_INIT("a\\xC2\\x9Bb") },
	{ STR_INIT("\xd8\x9c"), STR_INIT("\\xD8\\x9C") },
	{ STR_INIT("\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f"),
	    STR_INIT("\xe2\x80\x8d\\xE2\\x80\\x8E\\xE2\\x80\\x8F") },
	{ STR_INIT("\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf"),
	    STR_INIT("\\xE2\\x80\\xA8\\xE2\\x80\\xAE\xe2\x80\xaf") },
	{ STR_INIT("\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9"),
	    STR_INIT("\xe2\x81\xa5\\xE2\\x81\\xA6\\xE2\\x81\\xA9") },
	{ STR_INIT("\xff\xe4\xb8"), STR_INIT("\\xFF\\xE4\\xB8") },
};

static void
escape(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
		char memory[128];
		struct buf out = buf_over(memory, escapes[i].in.len * 4);

		utf8_escape(&out, escapes[i].in);
		assert_false(out.overflow);
		if (!str_equals(buf_str(&out), escapes[i].want))
			fail_msg("row %zu: %.*s", i, STR_ARG(buf_str(&out)));
	}
}

static void
clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char memory[64];
		struct buf out = buf_over(memory, table[i].in.len * 3);

		utf8_clean(&out, table[i].in);
		assert_false(out.overflow);
		if (!str_equals(buf_str(&out), table[i].want))
			fail_msg("row %zu: %.*s", i, STR_ARG(buf_str(&out)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),
		cmocka_unit_test(escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
