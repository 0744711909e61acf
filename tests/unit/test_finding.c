/* Findings: no name breaks a line of text or an object of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/buf.h"
#include "tool/finding.h"

static const struct row {
	struct str path, message;
	size_t line;
	bool is_note;
	const char *text, *json;
} rows[] = {
	{ STR_INIT("/a.gmi"), STR_INIT("bad, mend it"), 3, false,
	    "r/a.gmi:3: bad, mend it\n",
	    "{\"file\":\"r/a.gmi\",\"line\":3,\"level\":\"problem\","
	    "\"check\":\"x\",\"message\":\"bad, mend it\"}" },
	{ STR_INIT("/"), STR_INIT("b"), 0, true, "r/:1: note: b\n",
	    "{\"file\":\"r/\",\"line\":1,\"level\":\"note\",\"check\":\"x\","
	    "\"message\":\"b\"}" },
	{ STR_INIT("/a\nb:7: c\x1b"), STR_INIT("d\te\x7f\xc2\x9b"), 1, false,
	    "r/a\\x0Ab:7: c\\x1B:1: d\\x09e\\x7F\\xC2\\x9B\n",
	    "{\"file\":\"r/a\\u000ab:7: c\\u001b\",\"line\":1,"
	    "\"level\":\"problem\",\"check\":\"x\","
	    "\"message\":\"d\\u0009e\\u007f\\u009b\"}" },
	{ STR_INIT("/a\xe2\x80\xaeimg"), STR_INIT("b"), 1, false,
	    "r/a\\xE2\\x80\\xAEimg:1: b\n",
	    "{\"file\":\"r/a\xe2\x80\xaeimg\",\"line\":1,"
	    "\"level\":\"problem\",\"check\":\"x\",\"message\":\"b\"}" },
	{ STR_INIT("/\"\\\xc3\xbc"), STR_INIT("\xff\xc3(\xe2\x82"), 1, false,
	    "r/\"\\\xc3\xbc:1: \\xFF\\xC3(\\xE2\\x82\n",
	    "{\"file\":\"r/\\\"\\\\\xc3\xbc\",\"line\":1,"
	    "\"level\":\"problem\",\"check\":\"x\","
	    "\"message\":\"\\ufffd\\ufffd(\\ufffd\\ufffd\"}" },
};

#define COUNT (sizeof rows / sizeof *rows)

/* What is written for the first `count` rows; to be freed. */
static char *
written(enum finding_format format, size_t from, size_t count)
{
	char *text = NULL;
	size_t len = 0;
	struct finding_writer findings = { .out = open_memstream(&text, &len),
		.format = format,
		.root = "r//" };

	assert_non_null(findings.out);
	finding_begin(&findings);
	for (size_t i = from; i < from + count; i++) {
		const struct finding finding = { .check = "x",
			.path = rows[i].path,
			.line = rows[i].line,
			.is_note = rows[i].is_note };

		finding_add(
		    &findings, &finding, "%.*s", FINDING_ARG(rows[i].message));
		assert_int_equal(findings.count, i - from + 1);
	}
	assert_int_equal(finding_end(&findings), 0);
	fclose(findings.out);
	return text;
}

static void
text_is_a_line_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		char *got = written(FINDING_TEXT, i, 1);
		char want[256];

		snprintf(want, sizeof want, "%s%s", rows[i].text,
		    rows[i].is_note ? "0 problems, 1 note\n"
				    : "1 problem, 0 notes\n");
		assert_string_equal(got, want);
		free(got);
	}
}

static void
text_ends_with_a_count(void **state)
{
	char *got = written(FINDING_TEXT, 0, 0);

	(void)state;
	assert_string_equal(got, "0 problems, 0 notes\n");
	free(got);
	got = written(FINDING_TEXT, 0, 3);
	assert_non_null(strstr(got, "\n2 problems, 1 note\n"));
	free(got);
}

static void
ignored_checks_do_not_count(void **state)
{
	static const char *const ignored[] = { "tab", "case", NULL };
	char *text = NULL;
	size_t len = 0;
	struct finding_writer findings = { .out = open_memstream(&text, &len),
		.root = "r",
		.ignored = ignored };

	(void)state;
	finding_begin(&findings);
	for (size_t i = 0; i < 3; i++) {
		static const char *const checks[] = { "case", "cas", "tab" };
		const struct finding finding = { .check = checks[i],
			.path = STR("/a") };

		finding_add(&findings, &finding, "%s", checks[i]);
	}
	assert_int_equal(finding_end(&findings), 0);
	fclose(findings.out);
	assert_string_equal(text, "r/a:1: cas\n1 problem, 0 notes\n");
	assert_int_equal(findings.count, 1);
	free(text);
}

static void
json_is_an_array(void **state)
{
	char text[4096] = "";
	struct buf want = buf_over(text, sizeof text);
	char *got = written(FINDING_JSON, 0, 0);

	(void)state;
	assert_string_equal(got, "[]\n");
	free(got);
	for (size_t i = 0; i < COUNT; i++)
		buf_printf(&want, "%s\n%s", i == 0 ? "[" : ",", rows[i].json);
	buf_printf(&want, "\n]\n");
	assert_false(want.overflow);
	got = written(FINDING_JSON, 0, COUNT);
	assert_string_equal(got, text);
	free(got);
}

static void
long_texts_are_cut(void **state)
{
	static char path[20000];
	char *text = NULL;
	size_t len = 0;
	struct finding_writer findings = { .out = open_memstream(&text, &len),
		.root = "r" };
	struct finding finding = { .check = "x", .path = { path, 4096 } };

	(void)state;
	memset(path, 'p', sizeof path);
	finding_begin(&findings);
	finding_add(&findings, &finding, "%.*s and more",
	    FINDING_ARG(((struct str){ path, sizeof path })));
	assert_int_equal(finding_end(&findings), 0);
	fclose(findings.out);
	assert_int_equal(len,
	    1 + 4096 + strlen(":1: ") + 240 + strlen(" and more\n") +
		strlen("1 problem, 0 notes\n"));
	free(text);
}

static void
problems_are_counted(void **state)
{
	struct finding_writer findings = { .out = fopen("/dev/full", "w"),
		.root = "r" };
	struct finding finding = { .check = "x" };

	(void)state;
	assert_non_null(findings.out);
	finding_begin(&findings);
	finding_add(&findings, &finding, "a");
	finding.is_note = true;
	finding_add(&findings, &finding, "b");
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.problems, 1);
	assert_int_equal(finding_end(&findings), -1);
	fclose(findings.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_a_line_each),
		cmocka_unit_test(text_ends_with_a_count),
		cmocka_unit_test(ignored_checks_do_not_count),
		cmocka_unit_test(json_is_an_array),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(problems_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
