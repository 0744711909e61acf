/* Menus written by hand, byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "projection.h"
#include "text/gophermap.h"

struct result {
	struct str menu;
	bool lists;
};

/* What a map becomes; its `menu` is to be released. */
static struct result
read_map(struct page_source source, struct str directory)
{
	struct gophermap_file file = { &site, directory, page_read, &source };
	size_t size = 24 * source.text.len + source.room + 4096;
	char *at = malloc(size), *room = malloc(source.room);
	struct buf out = buf_over(at, size);
	struct arena arena;
	struct gophermap *map;
	struct result result;
	bool ended = false;
	ssize_t got = 0;

	arena_init(&arena, CAP);
	map = gophermap_open(&arena, &file);
	assert_non_null(map);
	errno = 0;
	while (!ended && got != -1) {
		got = gophermap_read(map, room, source.room, &ended);
		if (got > 0)
			buf_add(&out, (struct str){ room, (size_t)got });
	}
	assert_int_equal(got == -1, source.error != 0);
	result = (struct result){ buf_str(&out), gophermap_lists(map) };
	arena_release(&arena);
	free(room);
	assert_false(out.overflow);
	return result;
}

#define ROW(in, want) \
	{ \
		{ "" in, sizeof(in) - 1 }, want ".\r\n", false \
	}
#define LISTS(in, want) \
	{ \
		{ "" in, sizeof(in) - 1 }, want, true \
	}

static const struct row {
	struct str in;
	const char *want;
	bool lists;
} rows[] = {
	ROW("", ""),
	ROW("Welcome\n", "iWelcome" END),
	ROW("Welcome", "iWelcome" END),
	ROW("\n  art  \r\n\n", "i" END "i  art" END "i" END),
	ROW("\xef\xbb\xbf"
	    "Welcome",
	    "iWelcome" END),
	ROW("0Text\t/a.txt", "0Text\t/a.txt" OURS),
	ROW("0Text \t /a.txt \r\n", "0Text\t/a.txt" OURS),
	ROW("0Text\ta.txt", "0Text\t/docs/a.txt" OURS),
	ROW("0a.txt\t", "0a.txt\t/docs/a.txt" OURS),
	ROW("1/other\t", "1/other\t/other" OURS),
	ROW("1Sub\tsub/\t\t7070", "1Sub\t/docs/sub/" OURS),
	ROW("0Up\t../other.txt", "0Up\t/other.txt" OURS),
	ROW("1Parent\t..", "1Parent\t/" OURS),
	ROW("1..\t", "1..\t/" OURS),
	ROW("1Root\t../../../..", "1Root\t/" OURS),
	ROW("0Beyond\t../../a b.txt", "0Beyond\t/a b.txt" OURS),
	ROW("0In\tx/y/../../a.txt", "0In\t/docs/a.txt" OURS),
	ROW("1In\tx/./y/..", "1In\t/docs/x/" OURS),
	ROW("1In\tx//../y/", "1In\t/docs/y/" OURS),
	ROW("1In\t/a/b/%2E./c/", "1In\t/a/c/" OURS),
	ROW("0In\t/a/../b%2Fc?x/../y", "0In\t/b%2Fc?x/../y" OURS),
	ROW("0In\t/a?x/../y", "0In\t/a?x/../y" OURS),
	ROW("0In\t./a..b/...", "0In\t/docs/./a..b/..." OURS),
	ROW("1Ours\t..\tG.example\t70", "1Ours\t/\tG.example\t70\r\n"),
	ROW("1Ours\ta/..\tg.example\t70", "1Ours\t/docs/" OURS),
	ROW("1Far\t..\tg.example\t71", "1Far\t..\tg.example\t71\r\n"),
	ROW("1Far\t..\tg2.example\t70", "1Far\t..\tg2.example\t70\r\n"),
	ROW("hWeb\tURL:https://w.example/a/../b",
	    "hWeb\tURL:https://w.example/a/../b" OURS),
	ROW("hWeb\t/URL:https://w.example/a/../b",
	    "hWeb\t/URL:https://w.example/a/../b" OURS),
	ROW("iText\t..", "iText\t..\tnull.host\t1\r\n"),
	ROW("1Far\t/x\tg2.example\t7070", "1Far\t/x\tg2.example\t7070\r\n"),
	ROW("1Far\tx\tg2.example", "1Far\tx\tg2.example\t70\r\n"),
	ROW("1Far\t\tg2.example\t70", "1Far\t\tg2.example\t70\r\n"),
	ROW("1Far\t\tg2.example\t70\t+", "1Far\t\tg2.example\t70\r\n"),
	ROW("1Far\t\tg2.example\tport", "1Far\t\tg2.example\t70\r\n"),
	ROW("hWeb\tURL:https://w.example/",
	    "hWeb\tURL:https://w.example/" OURS),
	ROW("hWeb\t/URL:https://w.example/",
	    "hWeb\t/URL:https://w.example/" OURS),
	ROW("0Raw\t/a b%41?x", "0Raw\t/a b%41?x" OURS),
	ROW("iText\t", "iText" END),
	ROW("iText\tTITLE", "iText\tTITLE\tnull.host\t1\r\n"),
	ROW("iText\tx\th.example\t70", "iText\tx\th.example\t70\r\n"),
	ROW("3No\t", "3No\t\terror.host\t1\r\n"),
	ROW("\tno type\tx", "i no type x" END),
	ROW(" 0no type\tx", "i 0no type x" END),
	ROW("\xff\tx", "i" BAD " x" END),
	ROW("a\x1b[1m\xe9", "ia[1m" BAD END),
	ROW("0a\x1b[1m\xe9\t/b\x1b\x7f\th\x01.example\t1",
	    "0a[1m" BAD "\t/b\th.example\t1\r\n"),
	ROW("# comment\n#0a\tb\na", "ia" END),
	ROW("!The title\na", "iThe title\tTITLE\tnull.host\t1\r\nia" END),
	ROW("a\n.\nb", "ia" END),
	ROW("a\n.\r\nb", "ia" END),
	ROW(".a\n..\n*a\n", "i.a" END "i.." END "i*a" END),
	LISTS("*", ""),
	LISTS("a\n*\nb", "ia" END),
	LISTS("a\n*\r\n", "ia" END),
};

static void
reads_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result got =
		    read_map(source_of(rows[i].in), STR("/docs/"));

		if (!str_equals(got.menu, str_of(rows[i].want)))
			fail_msg("row %zu: got\n%.*s\nwant\n%s", i,
			    STR_ARG(got.menu), rows[i].want);
		assert_int_equal(got.lists, rows[i].lists);
		release(got.menu);
	}
}

static const char *const directories[][2] = {
	{ "/", "0a\t/a" OURS ".\r\n" },
	{ "/docs/", "0a\t/docs/a" OURS ".\r\n" },
	{ "/docs", "0a\t/docs/a" OURS ".\r\n" },
	{ "/a b?\t/", "0a\t/a%20b%3F%09/a" OURS ".\r\n" },
};

static void
prefixes_directory(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(directories); i++) {
		struct result got = read_map(
		    source_of(STR("0a\ta")), str_of(directories[i][0]));

		assert_true(str_equals(got.menu, str_of(directories[i][1])));
		release(got.menu);
	}
}

static const char *const hostile[][2] = {
	{ "", "a" },
	{ "", "\xff" },
	{ "0", "\xff" },
	{ "0\t", "a" },
	{ "0\t", "\t" },
	{ "", "\t" },
	{ "", "0\xff\xff\xff\xff\xff\xff\xff\xff\t\n" },
	{ "!", "a" },
	{ "", "\n" },
	{ "", "0a\tb\n" },
	{ "", "\x01" },
};

/* Four fields and no control byte in every line, however it comes. */
static void
hostile_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile) * 3; i++) {
		struct str text = filled(hostile[i / 3][0], hostile[i / 3][1],
		    i % 3 == 0 ? 1023 : 30000);
		struct page_source source = source_of(text);
		struct str want, got, rest;

		source.room = 1 << 20;
		want = read_map(source, STR("/docs/")).menu;
		source.room = GOPHERMENU_ROOM;
		source.chunk = i % 3 == 1 ? 7 : 1000;
		got = rest = read_map(source, STR("/docs/")).menu;
		assert_true(str_equals(got, want));
		assert_true(str_ends(rest, STR(".\r\n")));
		while (rest.len > 3) {
			struct str line = str_cut(&rest, '\n');
			size_t tabs = 0;

			for (size_t n = 0; n + 1 < line.len; n++)
				tabs += line.at[n] == '\t';
			assert_int_equal(tabs, 3);
			for (size_t n = 0; n + 1 < line.len; n++)
				assert_true(line.at[n] == '\t' ||
				    (unsigned char)line.at[n] >= ' ');
		}
		release(got);
		release(want);
		release(text);
	}
}

/* What no menu line can hold is shown as text. */
static void
long_items(void **state)
{
	struct str text = filled("0", BAD, 1021);
	struct result got;

	(void)state;
	memset((char *)(uintptr_t)text.at + 1, '\xff', text.len - 1);
	((char *)(uintptr_t)text.at)[text.len - 1] = '\t';
	got = read_map(source_of(text), STR("/a/long/path/of/a/directory/"));
	assert_true(str_starts(got.menu, STR("i0" BAD)));
	release(got.menu);
	release(text);
}

/* All of a line that is too long for an item is shown as text. */
static void
long_lines(void **state)
{
	struct str text = filled("#", "hidden", 5000);
	struct result got = read_map(source_of(text), STR("/"));

	(void)state;
	assert_true(str_equals(got.menu, STR(".\r\n")));
	release(got.menu);
	release(text);
	text = filled("", "a", 5000);
	got = read_map(source_of(text), STR("/"));
	assert_int_equal(got.menu.len, 5000 + 5 * (1 + sizeof END - 1) + 3);
	release(got.menu);
	release(text);
}

static void
source_failure(void **state)
{
	struct page_source source = source_of(STR("one\ntwo"));
	struct result got;

	(void)state;
	source.error = EIO;
	got = read_map(source, STR("/"));
	assert_int_equal(errno, EIO);
	assert_true(str_equals(got.menu, STR("ione" END)));
	release(got.menu);
}

static void
no_memory(void **state)
{
	struct page_source source = source_of(STR("one"));
	struct gophermap_file file = { &site, STR("/"), page_read, &source };
	struct gophermap *map = NULL;
	size_t n = 0;

	(void)state;
	while (map == NULL) {
		struct arena arena;

		arena_init(&arena, CAP);
		arena_fail_at(&arena, ++n);
		map = gophermap_open(&arena, &file);
		arena_release(&arena);
	}
	assert_in_range(n, 3, 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(prefixes_directory),
		cmocka_unit_test(hostile_maps),
		cmocka_unit_test(long_items),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(source_failure),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
