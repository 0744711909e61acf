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
	{ STR(""), STR("") },
	{ STR("plain"), STR("plain") },
	{ STR("Gr\xc3\xbc\xc3\x9f"
	      "e, \xe4\xb8\x96\xe7\x95\x8c"),
	    STR("Gr\xc3\xbc\xc3\x9f"
		"e, \xe4\xb8\x96\xe7\x95\x8c") },
	{ STR("a\tb"), STR("a b") },
	{ STR("a\x1b[1mb"), STR("a[1mb") },
	{ STR("a\0b\r\nc\x7f"), STR("abc") },
	{ STR("a\xc2\x9b"
	      "b"),
	    STR("ab") },
	{ STR("\xc2\xa0"), STR("\xc2\xa0") },
	{ STR("\xff"), STR(BAD) },
	{ STR("a\xc3"), STR("a" BAD) },
	{ STR("\xe4\xb8"), STR(BAD BAD) },
	{ STR("\xc0\x80"), STR(BAD BAD) },
	{ STR("\xed\xa0\x80"), STR(BAD BAD BAD) },
	{ STR("\xf4\x90\x80\x80"), STR(BAD BAD BAD BAD) },
};

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
