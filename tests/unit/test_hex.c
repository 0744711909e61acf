/* Hexadecimal digits: each byte's value, and two digits for each byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/hex.h"

static void
values(void **state)
{
	static const char lower[] = "0123456789abcdef";
	static const char upper[] = "0123456789ABCDEF";

	(void)state;
	for (int c = -128; c < 256; c++) {
		const char *at = memchr(lower, c, 16);
		int want = at != NULL ? (int)(at - lower) : -1;

		at = memchr(upper, c, 16);
		if (at != NULL)
			want = (int)(at - upper);
		assert_int_equal(hex_value((char)c), want);
	}
}

static void
format(void **state)
{
	static const unsigned char bytes[] = { 0x00, 0x0f, 0xf0, 0xa5, 0xff };
	char out[2 * sizeof bytes + 2] = "..........?";

	(void)state;
	hex_format(bytes, sizeof bytes, out);
	assert_string_equal(out, "000ff0a5ff");
	hex_format(bytes, 0, out);
	assert_string_equal(out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(values),
		cmocka_unit_test(format) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
