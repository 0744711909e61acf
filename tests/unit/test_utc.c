/* The calendar, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/utc.h"

static const struct {
	const char *text;
	int64_t time;
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-12-31T23:59:59Z", 31535999 },
	{ "1972-02-29T00:00:00Z", 68169600 },
	{ "1999-12-31T23:59:59Z", 946684799 },
	{ "2000-02-29T12:00:00Z", 951825600 },
	{ "2000-03-01T00:00:00Z", 951868800 },
	{ "2026-11-24T20:29:42Z", 1795552182 },
	{ "2100-02-28T23:59:59Z", 4107542399 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", UTC_MAX },
};

static const char *no_times[] = {
	"",
	"2026-11-24",
	"2026-11-24T20:29:42",
	"2026-11-24T20:29:42z",
	"2026-11-24 20:29:42Z",
	"2026-11-24T20:29:42Z ",
	"2026-11-24T20:29:42.5Z",
	"2026-11-24T20:29:60Z",
	"2026-11-24T20:60:00Z",
	"2026-11-24T24:00:00Z",
	"2026-13-01T00:00:00Z",
	"2026-00-01T00:00:00Z",
	"2026-01-00T00:00:00Z",
	"2026-02-29T00:00:00Z",
	"2100-02-29T00:00:00Z",
	"2026-04-31T00:00:00Z",
	"1969-12-31T23:59:59Z",
	"+026-11-24T20:29:42Z",
	"2026-1-024T20:29:42Z",
	"12026-11-24T20:29:42Z",
	"1795552182",
};

static void
time_both_ways(void **state)
{
	char text[UTC_SIZE];
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		utc_format(times[i].time, text);
		assert_string_equal(text, times[i].text);
		assert_true(utc_read(str_of(times[i].text), &time));
		assert_int_equal(time, times[i].time);
	}
	for (size_t i = 0; i < sizeof no_times / sizeof *no_times; i++)
		if (utc_read(str_of(no_times[i]), &time))
			fail_msg("%s", no_times[i]);
	utc_format(-1, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	utc_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

/* Every noon for four centuries and more. */
static void
every_day(void **state)
{
	char text[UTC_SIZE];
	int64_t time;

	(void)state;
	for (int64_t day = 0; day < INT64_C(183000); day++) {
		utc_format(day * 86400 + 43200, text);
		if (!utc_read(str_of(text), &time) ||
		    time != day * 86400 + 43200)
			fail_msg("%s", text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_both_ways),
		cmocka_unit_test(every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
