/* Pages cut into sections, however they come and however long they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/sections.h"

struct source {
	struct str rest;
	size_t most; /* bytes at once */
	int error; /* at the end, instead of it */
};

static ssize_t
read_source(void *context, char *at, size_t room)
{
	struct source *source = context;
	size_t len = source->rest.len < room ? source->rest.len : room;

	if (len > source->most)
		len = source->most;
	if (len == 0 && source->error != 0) {
		errno = source->error;
		return -1;
	}
	memcpy(at, source->rest.at, len);
	source->rest = str_tail(source->rest, len);
	return (ssize_t)len;
}

static void
expect(const char *page, bool is_gemtext, const char *want)
{
	for (size_t most = 1; most < 64; most += 20) {
		struct source source = { str_of(page), most, 0 };
		struct sections sections = { .is_gemtext = is_gemtext };
		struct section section;
		struct arena arena;
		char got[4096] = "";

		arena_init(&arena, (size_t)1 << 20);
		assert_int_equal(
		    sections_open(&sections, &arena, read_source, &source), 0);
		while (sections_next(&sections, &section) == 1)
			snprintf(got + strlen(got), sizeof got - strlen(got),
			    "<%.*s|%.*s|%.*s>", STR_ARG(section.heading),
			    STR_ARG(section.text), STR_ARG(section.links));
		assert_int_equal(sections_next(&sections, &section), 0);
		arena_release(&arena);
		if (strcmp(got, want) != 0)
			fail_msg("%s: got %s, want %s", page, got, want);
	}
}

static void
gemtext(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "text", "<|text\n|>" },
		{ "a\nb\r\n", "<|a\nb\n|>" },
		{ "# Title\n\ntext\n", "<Title|text\n|>" },
		{ "lead\n# Title\ntext\n## Part\nmore\n",
		    "<|lead\n|><Title|text\n|><Part|more\n|>" },
		{ "# One\n# Two\n", "<One||><Two||>" },
		{ "# One\n#\ntext\n", "<One||><One|text\n|>" },
		{ "=> /x A label\n=> /y\n", "<||A label\n>" },
		{ "* item\n> quote\n```alt\n# no heading\n```\n",
		    "<|item\nquote\nalt\n# no heading\n|>" },
		{ "\xef\xbb\xbf# Title\n", "<Title||>" },
		{ "a\x1b[1m\tb\xff\n", "<|a[1m b\xef\xbf\xbd\n|>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect(table[i][0], true, table[i][1]);
	expect("# no heading\n=> no link\n", false,
	    "<|# no heading\n=> no link\n|>");
}

/* Nothing of a page is lost, and no section is too long. */
static void
long_pages(void **state)
{
	static const char *const lines[] = { "word ", "word\n", "=> /x word\n",
		"\xc3\xa9", "\xff", "word word word word word word\n" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		size_t len = strlen(lines[i]), count = 20000, seen = 0;
		char *page = malloc(count * len);
		struct source source = { { page, count * len }, 5000, 0 };
		struct sections sections = { .is_gemtext = true };
		struct section section;
		struct arena arena;

		assert_non_null(page);
		for (size_t j = 0; j < count; j++)
			memcpy(page + j * len, lines[i], len);
		arena_init(&arena, (size_t)64 << 10);
		assert_int_equal(
		    sections_open(&sections, &arena, read_source, &source), 0);
		while (sections_next(&sections, &section) == 1) {
			assert_in_range(section.text.len, 0, 8192);
			assert_in_range(section.links.len, 0, 8192);
			for (size_t j = 0; j < section.text.len; j++)
				seen += section.text.at[j] == 'w';
			for (size_t j = 0; j < section.links.len; j++)
				seen += section.links.at[j] == 'w';
		}
		assert_int_equal(seen, i < 3 ? count : i == 5 ? 6 * count : 0);
		arena_release(&arena);
		free(page);
	}
}

static void
failures(void **state)
{
	struct section section;
	struct arena arena;

	(void)state;
	for (size_t n = 1; n <= 5; n++) {
		struct source source = { STR("text"), 1, 0 };
		struct sections sections = { .is_gemtext = true };

		arena_init(&arena, (size_t)1 << 20);
		arena_fail_at(&arena, n);
		assert_int_equal(
		    sections_open(&sections, &arena, read_source, &source), -1);
		arena_release(&arena);
	}
	{
		struct source source = { STR("# T\ntext"), 3, EIO };
		struct sections sections = { .is_gemtext = true };

		arena_init(&arena, (size_t)1 << 20);
		assert_int_equal(
		    sections_open(&sections, &arena, read_source, &source), 0);
		assert_int_equal(sections_next(&sections, &section), -1);
		arena_release(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gemtext),
		cmocka_unit_test(long_pages),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
