/* Lines in the index of a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tool/gemlog.h"

#define LINE "=> 2026-11-29-a%20b.gmi 2026-11-29 A b"
#define BOM "\xef\xbb\xbf"

static const struct {
	const char *in, *want;
} cases[] = {
	{ "", LINE "\n" },
	{ "# Log\n", "# Log\n\n" LINE "\n" },
	{ "# Log", "# Log\n\n" LINE "\n" },
	{ "# Log\n\n", "# Log\n\n" LINE "\n" },
	{ "# Log\r\n\r\nx\r\n", "# Log\r\n\r\nx\r\n\r\n" LINE "\r\n" },
	{ "# Log\n\n=> ../ Up\n=> / Home\n",
	    "# Log\n\n" LINE "\n\n=> ../ Up\n=> / Home\n" },
	{ "# Log\nx\n=> ../ Up\n", "# Log\nx\n\n" LINE "\n\n=> ../ Up\n" },
	{ "# Log\n=> a 2026-11-28 A\n",
	    "# Log\n" LINE "\n=> a 2026-11-28 A\n" },
	{ "=> a 2026-11-28 A", LINE "\n=> a 2026-11-28 A" },
	{ BOM "=> a 2026-11-28 A", BOM LINE "\n=> a 2026-11-28 A" },
	{ BOM "=> a A\n", BOM LINE "\n\n=> a A\n" },
	/* The newest comes first, also among newer ones. */
	{ "=> / Home\n=> a 2026-11-29 A\n",
	    "=> / Home\n" LINE "\n=> a 2026-11-29 A\n" },
	{ "=> b 2026-11-30 B\n=> a 2026-11-28 A\n",
	    "=> b 2026-11-30 B\n" LINE "\n=> a 2026-11-28 A\n" },
	{ "=> b 2026-11-30 B\n\n=> / Home\n",
	    "=> b 2026-11-30 B\n" LINE "\n\n=> / Home\n" },
	{ "=> b 2026-11-30 B", "=> b 2026-11-30 B\n" LINE "\n" },
	/* Neither text nor preformatted text is a link. */
	{ "2026-11-28\n```\n=> a 2026-11-28 A\n```\n",
	    "2026-11-28\n```\n=> a 2026-11-28 A\n```\n\n" LINE "\n" },
	{ "x\n```\n=> a 2026-11-28 A\n",
	    "x\n\n" LINE "\n\n```\n=> a 2026-11-28 A\n" },
	{ "=> a 2026-13-28 A\n", LINE "\n\n=> a 2026-13-28 A\n" },
};

static void
places(void **state)
{
	const struct gemlog_entry entry = { STR_INIT("2026-11-29-a b.gmi"),
		STR_INIT("2026-11-29"), STR_INIT("A b") };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sink_memory memory = sink_memory_of(4096);

		assert_int_equal(
		    gemlog_add(&memory.sink, str_of(cases[i].in), &entry), 0);
		assert_int_equal(
		    memory.sink.write(&memory.sink, (struct str){ "", 1 }), 0);
		assert_string_equal(memory.at, cases[i].want);
		free(memory.at);
	}
}

static void
too_much(void **state)
{
	const struct gemlog_entry entry = { STR_INIT("a"),
		STR_INIT("2026-11-29"), STR_INIT("A") };
	struct sink_memory memory = sink_memory_of(8);

	(void)state;
	assert_int_equal(gemlog_add(&memory.sink, STR("# Log\n"), &entry), -1);
	free(memory.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(places),
		cmocka_unit_test(too_much) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
