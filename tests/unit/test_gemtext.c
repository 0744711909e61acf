#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/gemtext.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void
assert_text(struct str got, const char *want, const char *in)
{
	if (!str_equals(got, str_of(want)))
		fail_msg("%s: got '%.*s', want '%s'", in, STR_ARG(got), want);
}

static const struct row {
	const char *in;
	enum gemtext_kind kind;
	int level;
	const char *url, *text;
} rows[] = {
	{ "", GEMTEXT_TEXT, 0, "", "" },
	{ "Hello, world", GEMTEXT_TEXT, 0, "", "Hello, world" },
	{ "  kept \t\r", GEMTEXT_TEXT, 0, "", "  kept" },
	{ "# Title", GEMTEXT_HEADING, 1, "", "Title" },
	{ "#Title", GEMTEXT_HEADING, 1, "", "Title" },
	{ "#", GEMTEXT_HEADING, 1, "", "" },
	{ "##", GEMTEXT_HEADING, 2, "", "" },
	{ "## \tPart \r", GEMTEXT_HEADING, 2, "", "Part" },
	{ "###Sub", GEMTEXT_HEADING, 3, "", "Sub" },
	{ "#### Four", GEMTEXT_HEADING, 3, "", "# Four" },
	{ " # not", GEMTEXT_TEXT, 0, "", " # not" },
	{ "* item", GEMTEXT_ITEM, 0, "", "item" },
	{ "*  item ", GEMTEXT_ITEM, 0, "", "item" },
	{ "* ", GEMTEXT_ITEM, 0, "", "" },
	{ "*", GEMTEXT_TEXT, 0, "", "*" },
	{ "*no space", GEMTEXT_TEXT, 0, "", "*no space" },
	{ ">quoted", GEMTEXT_QUOTE, 0, "", "quoted" },
	{ "> quoted", GEMTEXT_QUOTE, 0, "", "quoted" },
	{ ">\r", GEMTEXT_QUOTE, 0, "", "" },
	{ "=> a.gmi Label here ", GEMTEXT_LINK, 0, "a.gmi", "Label here" },
	{ "=>a.gmi", GEMTEXT_LINK, 0, "a.gmi", "" },
	{ "=>\t a.gmi\t Label", GEMTEXT_LINK, 0, "a.gmi", "Label" },
	{ "=> a.gmi\r", GEMTEXT_LINK, 0, "a.gmi", "" },
	{ "=>", GEMTEXT_TEXT, 0, "", "=>" },
	{ "=>  \r", GEMTEXT_TEXT, 0, "", "=>" },
	{ "=", GEMTEXT_TEXT, 0, "", "=" },
	{ "= > a", GEMTEXT_TEXT, 0, "", "= > a" },
	{ "```", GEMTEXT_TOGGLE, 0, "", "" },
	{ "``` a cat \r", GEMTEXT_TOGGLE, 0, "", "a cat" },
	{ "``", GEMTEXT_TEXT, 0, "", "``" },
	{ " ```", GEMTEXT_TEXT, 0, "", " ```" },
};

static void
reads_each_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		bool preformatted = false;
		struct gemtext_line line =
		    gemtext_read(str_of(row->in), &preformatted);

		if (line.kind != row->kind || line.level != row->level)
			fail_msg("%s: kind %d, level %d", row->in, line.kind,
			    line.level);
		assert_text(line.url, row->url, row->in);
		assert_text(line.text, row->text, row->in);
		assert_int_equal(preformatted, row->kind == GEMTEXT_TOGGLE);
	}
}

static const char *const preformatted_lines[][2] = {
	{ "=> not a link", "=> not a link" },
	{ "# no \r", "# no " },
	{ "\t* no", "\t* no" },
	{ "", "" },
	{ "\r", "" },
};

static void
toggles_hide_markers(void **state)
{
	bool preformatted = false;
	struct gemtext_line line;

	(void)state;
	(void)gemtext_read(STR("```"), &preformatted);
	for (size_t i = 0; i < COUNT(preformatted_lines); i++) {
		const char *in = preformatted_lines[i][0];

		line = gemtext_read(str_of(in), &preformatted);
		assert_int_equal(line.kind, GEMTEXT_PREFORMATTED);
		assert_text(line.text, preformatted_lines[i][1], in);
	}
	line = gemtext_read(STR("```ignored"), &preformatted);
	assert_int_equal(line.kind, GEMTEXT_TOGGLE);
	assert_false(preformatted);
}

static const char *const titles[][2] = {
	{ "", "" },
	{ "text\n", "" },
	{ "# One\n# Two\n", "One" },
	{ "## Part\n# One\n", "One" },
	{ "## Part\n### Sub\n", "Part" },
	{ "text\r\n# One\r\n", "One" },
	{ "# One", "One" },
	{ "#\n# One", "One" },
	{ "\xef\xbb\xbf# One\n", "One" },
	{ "```\n# No\n```\n# One\n", "One" },
	{ "```\n# No\n", "" },
};

static void
title_is_first_heading(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(titles); i++)
		assert_text(gemtext_title(str_of(titles[i][0])), titles[i][1],
		    titles[i][0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_line),
		cmocka_unit_test(toggles_hide_markers),
		cmocka_unit_test(title_is_first_heading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
