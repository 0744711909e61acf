/* Feeds: which links are entries, and what stands in Atom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source.h"
#include "text/feed.h"

#define BASE "gemini://example.org/log/"
#define HEAD(title) \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" \
	"<feed xmlns=\"http://www.w3.org/2005/Atom\">\n" \
	"<id>" BASE "</id>\n<title>" title "</title>\n" \
	"<link rel=\"self\" href=\"" BASE "?atom\"/>\n" \
	"<link rel=\"alternate\" href=\"" BASE "\"/>\n" \
	"<author><name>example.org</name>\n</author>\n"
#define ENTRY(date, url, title) \
	"<entry>\n<id>" url "</id>\n<title>" title "</title>\n" \
	"<updated>" date "T12:00:00Z</updated>\n" \
	"<link rel=\"alternate\" href=\"" url "\"/>\n</entry>\n"
#define END(date) "<updated>" date "T12:00:00Z</updated>\n</feed>\n"
#define A(title) \
	HEAD("L") \
	ENTRY("2026-11-24", BASE "a", title) END("2026-11-24")

static const struct row {
	struct str page;
	const char *want; /* NULL: no feed */
} rows[] = {
	{ STR_INIT(""), NULL },
	{ STR_INIT("# L\n=> a A\n=> b\n2026-11-24\n"), NULL },
	{ STR_INIT("# L\n=> 2026-11-24 A\n"), NULL },
	{ STR_INIT("# L\n```\n=> a 2026-11-24 A\n```\n"), NULL },
	{ STR_INIT("# L\n=> a 2026-11-24 A\n"), A("A") },
	{ STR_INIT("\xef\xbb\xbf# L\n=> a 2026-11-24 A\n"), A("A") },
	{ STR_INIT("\xef\xbb\xbf=> a 2026-11-24 A"),
	    HEAD(BASE) ENTRY("2026-11-24", BASE "a", "A") END("2026-11-24") },
	{ STR_INIT("# L\r\n=> a 2026-11-24 A\r\n"), A("A") },
	{ STR_INIT("# L\n=>a\t2026-11-24\t A"), A("A") },
	{ STR_INIT("# L\n=> a 2026-11-24: A"), A("A") },
	{ STR_INIT("# L\n=> a 2026-11-24 - A - b"), A("A - b") },
	{ STR_INIT("# L\n=> a 2026-11-24\t-\tA"), A("A") },
	{ STR_INIT("# L\n=> a 2026-11-24 \xe2\x80\x93 A"), A("A") },
	{ STR_INIT("# L\n=> a 2026-11-24\xe2\x80\x94 A"), A("A") },
	{ STR_INIT("# L\n=> a 2026-11-24 \xe2\x80\x94Z"), A("\xe2\x80\x94Z") },
	{ STR_INIT("# L\n=> a 2026-11-24 : - A"), A("- A") },
	{ STR_INIT("# L\n=> a 2026-11-24 - --help"), A("--help") },
	{ STR_INIT("# L\n=> a 2026-11-24 --help"), A("--help") },
	{ STR_INIT("# L\n=> a 2026-11-24 -1 Grad"), A("-1 Grad") },
	{ STR_INIT("# L\n=> a 2026-11-24 -- A"), A("-- A") },
	{ STR_INIT("# L\n=> a 2026-11-24 :wq"), A(":wq") },
	{ STR_INIT("# L\n=> a 2026-11-24 -"), A("2026-11-24") },
	{ STR_INIT("# L\n=> a 2026-11-24:"), A("2026-11-24") },
	{ STR_INIT("# L\n=> a 2026-11-24"), A("2026-11-24") },
	{ STR_INIT("# L\n=> a 2026-11-24T10:00"), A("T10:00") },
	{ STR_INIT("=> a 2026-11-24 A"),
	    HEAD(BASE) ENTRY("2026-11-24", BASE "a", "A") END("2026-11-24") },
	{ STR_INIT("## S\n# T\n=> a 2026-11-24 A"),
	    HEAD("T") ENTRY("2026-11-24", BASE "a", "A") END("2026-11-24") },
	{ STR_INIT("# L\n=> /a?b&c 2024-02-29 1\n=> ../d 2025-01-01 2\n"
		   "text\n=> e E\n=> https://w.example/x 2000-12-31 3\n"),
	    HEAD("L") ENTRY("2024-02-29", "gemini://example.org/a?b&amp;c", "1")
		ENTRY("2025-01-01", "gemini://example.org/d", "2")
		    ENTRY("2000-12-31", "https://w.example/x", "3")
			END("2025-01-01") },
	{ STR_INIT("# <&\"'>\n=> a\"<b> 2026-11-24 <i>&amp;</i>]]>"),
	    HEAD("&lt;&amp;&quot;'&gt;") ENTRY("2026-11-24", BASE "a%22%3Cb%3E",
		"&lt;i&gt;&amp;amp;&lt;/i&gt;]]&gt;") END("2026-11-24") },
	{ STR_INIT("# L\n=> a 2026-11-24 a\x01\x1b[1m\x7f\xc2\x9b"
		   "b\xef\xbf\xbe\xef\xbf\xbf"
		   "c\tdé\xf0\x9f\x98\x80"),
	    A("a[1mbc dé\xf0\x9f\x98\x80") },
	{ STR_INIT("# L\n=> a 2026-11-24 caf\xe9 \xed\xa0\x80"),
	    A("caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") },
	{ STR_INIT("# L\n=> javascript:x 2026-11-25 A\n"
		   "=> file:///etc/passwd 2026-11-25 A\n=> %zz 2026-11-25 A\n"
		   "=> a 2026-11-24 A"),
	    A("A") },
};

#define COUNT (sizeof rows / sizeof *rows)

static const struct str names[] = { STR_INIT("example.org") };
static const uint16_t ports[] = { 1965 };
static const struct site site = {
	.names = names,
	.name_count = 1,
	.gemini_ports = ports,
	.gemini_port_count = 1,
};

static char *
feed_of(struct source source, struct str title, size_t room)
{
	struct feed_page page = { .site = &site,
		.base = STR(BASE),
		.title = title,
		.read = source_read,
		.context = &source };
	size_t size = source.text.len * 20 + 8192, len = 0;
	char *text = malloc(size);
	struct arena arena;
	struct feed *feed;
	bool ended = false;
	ssize_t got = 0;

	assert_non_null(text);
	arena_init(&arena, (size_t)128 << 10);
	feed = feed_open(&arena, &page);
	assert_non_null(feed);
	errno = 0;
	while (!ended && got != -1) {
		got = feed_read(feed, text + len, room, &ended);
		len += got > 0 ? (size_t)got : 0;
		assert_true(len + room < size);
	}
	text[len] = '\0';
	feed_release(feed);
	arena_release(&arena);
	return text;
}

static void
pages_become_feeds(void **state)
{
	static const size_t steps[] = { SIZE_MAX, 1, 7 };

	(void)state;
	for (size_t i = 0; i < COUNT * 3; i++) {
		const struct row *row = &rows[i / 3];
		struct source source = { row->page, steps[i % 3], 0 };
		struct str title;
		char *got;

		assert_int_equal(
		    feed_has_entries(row->page, &title), row->want != NULL);
		if (row->want == NULL)
			continue;
		got = feed_of(source, title, i % 3 == 0 ? 2048 : 61);
		assert_int_equal(errno, 0);
		assert_string_equal(got, row->want);
		free(got);
	}
}

static void
days_of_the_calendar(void **state)
{
	static const struct {
		const char *label;
		bool good;
	} dates[] = {
		{ "2026-01-31", true },
		{ "2026-01-32", false },
		{ "2026-04-30", true },
		{ "2026-04-31", false },
		{ "2024-02-29", true },
		{ "2023-02-29", false },
		{ "2000-02-29", true },
		{ "1900-02-29", false },
		{ "2026-00-10", false },
		{ "2026-13-10", false },
		{ "2026-10-00", false },
		{ "0000-01-01", false },
		{ "0001-01-01", true },
		{ "9999-12-31", true },
		{ "2026-1-1 A", false },
		{ "2026/01/01", false },
		{ "2026-01-0", false },
		{ "2026-01-011", false },
		{ "+026-01-01", false },
		{ "20a6-01-01", false },
		{ "26-01-01", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		char page[64];
		struct str title;

		snprintf(page, sizeof page, "=> a %s", dates[i].label);
		if (feed_has_entries(str_of(page), &title) != dates[i].good)
			fail_msg("%s", dates[i].label);
	}
}

static void
one_language_is_said(void **state)
{
	static const struct {
		const char *lang, *want;
	} langs[] = { { "", "Atom\">" },
		{ "en-GB", "Atom\" xml:lang=\"en-GB\">" },
		{ "en,fr", "Atom\">" } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct site spoken = site;
		struct source source = { STR_INIT("# L"), 9, 0 };
		struct feed_page page = { .site = &spoken,
			.base = STR(BASE),
			.read = source_read,
			.context = &source };
		char text[2048];
		struct arena arena;
		struct feed *feed;
		bool ended = false;
		ssize_t got;

		spoken.lang = str_of(langs[i].lang);
		arena_init(&arena, (size_t)128 << 10);
		feed = feed_open(&arena, &page);
		assert_non_null(feed);
		got = feed_read(feed, text, sizeof text - 1, &ended);
		assert_in_range(got, 1, sizeof text - 1);
		text[got] = '\0';
		assert_non_null(strstr(text, langs[i].want));
		feed_release(feed);
		arena_release(&arena);
	}
}

/* Long lines and long pages, in the memory of a request. */
static void
long_pages(void **state)
{
	enum {
		LINES = 20000,
		LONG = 100000
	};
	static char page[LINES * 32 + LONG];
	size_t len = 0, entries = 0;
	char *got, *at;

	(void)state;
	for (size_t i = 0; i < LINES; i++)
		len += (size_t)snprintf(page + len, 32, "%s",
		    i % 100 == 0 ? "=> a 2026-11-24 <<<<\n" : "words\n");
	len += (size_t)snprintf(page + len, 32, "=> b 2026-11-24 ");
	memset(page + len, '&', LONG - 100);
	len += LONG - 100;
	got = feed_of(
	    (struct source){ { page, len }, SIZE_MAX, 0 }, STR("T"), 4096);
	assert_int_equal(errno, 0);
	for (at = got; (at = strstr(at, "<entry>")) != NULL; at++)
		entries++;
	assert_int_equal(entries, LINES / 100 + 1);
	assert_non_null(strstr(got, "&amp;&amp;</title>"));
	assert_non_null(strstr(got, "</feed>\n"));
	free(got);
}

static void
failures_cut_it_short(void **state)
{
	struct source source = { STR_INIT("=> a 2026-11-24 A\n"), 5, EIO };
	char *got = feed_of(source, STR(""), 4096);

	(void)state;
	assert_int_equal(errno, EIO);
	assert_null(strstr(got, "</feed>"));
	free(got);
}

static void
memory_runs_out(void **state)
{
	struct source source = { STR_INIT("=> a 2026-11-24 A\n"), 5, 0 };
	struct feed_page page = { .site = &site,
		.base = STR(BASE),
		.read = source_read,
		.context = &source };
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)128 << 10);
	for (size_t i = 1; i <= 2; i++) {
		arena_fail_at(&arena, i);
		assert_null(feed_open(&arena, &page));
	}
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_become_feeds),
		cmocka_unit_test(days_of_the_calendar),
		cmocka_unit_test(one_language_is_said),
		cmocka_unit_test(long_pages),
		cmocka_unit_test(failures_cut_it_short),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
