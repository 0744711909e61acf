/* Fingerprints in every spelling, and lines of lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/identity.h"

#define HEX "00112233445566778899aabbccddeeff0123456789abcdef0123456789ABCDEF"
#define COLONS \
	"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:23:45:67:89:ab:cd" \
	":ef:01:23:45:67:89:AB:CD:EF"

static const struct {
	struct str line;
	enum identity_line want;
} table[] = {
	{ STR_INIT(""), IDENTITY_LINE_BLANK },
	{ STR_INIT("\r"), IDENTITY_LINE_BLANK },
	{ STR_INIT(" \t "), IDENTITY_LINE_BLANK },
	{ STR_INIT("# " HEX), IDENTITY_LINE_BLANK },
	{ STR_INIT("  #"), IDENTITY_LINE_BLANK },
	{ STR_INIT(HEX), IDENTITY_LINE_GOOD },
	{ STR_INIT(HEX "\r"), IDENTITY_LINE_GOOD },
	{ STR_INIT("\t" HEX " \t"), IDENTITY_LINE_GOOD },
	{ STR_INIT(HEX "#alice"), IDENTITY_LINE_GOOD },
	{ STR_INIT(HEX "\talice of x, 2026 # " HEX), IDENTITY_LINE_GOOD },
	{ STR_INIT("SHA256:" HEX " alice"), IDENTITY_LINE_GOOD },
	{ STR_INIT("sHa256:" COLONS), IDENTITY_LINE_GOOD },
	{ STR_INIT(COLONS), IDENTITY_LINE_GOOD },
	{ STR_INIT(COLONS ":"), IDENTITY_LINE_BAD },
	{ STR_INIT(":" COLONS), IDENTITY_LINE_BAD },
	{ STR_INIT("SHA256:"), IDENTITY_LINE_BAD },
	{ STR_INIT("SHA256: " HEX), IDENTITY_LINE_BAD },
	{ STR_INIT("SHA256:SHA256:" HEX), IDENTITY_LINE_BAD },
	{ STR_INIT("SHA1:" HEX), IDENTITY_LINE_BAD },
	{ STR_INIT("\"" HEX "\""), IDENTITY_LINE_BAD },
	{ STR_INIT(HEX "0"), IDENTITY_LINE_BAD },
	{ STR_INIT(HEX ","), IDENTITY_LINE_BAD },
	{ STR_INIT("0:" HEX), IDENTITY_LINE_BAD },
	{ STR_INIT(HEX " " HEX), IDENTITY_LINE_BAD },
	{ STR_INIT(HEX " alice " COLONS), IDENTITY_LINE_BAD },
	{ STR_INIT(HEX "\rx"), IDENTITY_LINE_BAD },
	{ STR_INIT(HEX " al\0ice"), IDENTITY_LINE_BAD },
	{ STR_INIT("alice " HEX), IDENTITY_LINE_BAD },
	{ STR_INIT("O0112233445566778899aabbccddeeff0123456789abcdef0123456789"
		   "ABCDEF"),
	    IDENTITY_LINE_BAD },
};

static void
test_lines(void **state)
{
	unsigned char hash[IDENTITY_SIZE];
	char text[IDENTITY_TEXT], longest[IDENTITY_LINE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (identity_read_line(table[i].line, hash) != table[i].want)
			fail_msg("%zu: %.*s", i, STR_ARG(table[i].line));
		if (table[i].want != IDENTITY_LINE_GOOD)
			continue;
		identity_format(hash, text);
		assert_string_equal(text,
		    "SHA256:00112233445566778899AABBCCDDEEFF0123456789ABCDEF"
		    "0123456789ABCDEF");
	}
	memset(longest, 'x', sizeof longest);
	memcpy(longest, HEX " ", 65);
	assert_int_equal(identity_read_line(
			     (struct str){ longest, IDENTITY_LINE_MAX }, hash),
	    IDENTITY_LINE_GOOD);
	assert_int_equal(
	    identity_read_line((struct str){ longest, sizeof longest }, hash),
	    IDENTITY_LINE_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
