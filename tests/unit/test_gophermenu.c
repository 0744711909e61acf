/* The projection of gemtext, byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "projection.h"

#define ROW(in, want) \
	{ \
		{ "" in, sizeof(in) - 1 }, want ".\r\n" \
	}

static const struct row {
	struct str in;
	const char *want;
} rows[] = {
	ROW("", ""),
	ROW("Hello, world", "iHello, world" END),
	ROW("Hello, world\n", "iHello, world" END),
	ROW("Hello \t\r\n", "iHello" END),
	ROW("\n", "i" END),
	ROW("a\n\nb\n", "ia" END "i" END "ib" END),
	ROW("A long paragraph is cut at the last space that keeps the piece "
	    "within sixty-seven columns.",
	    "iA long paragraph is cut at the last space that keeps the "
	    "piece" END "iwithin sixty-seven columns." END),
	ROW(SIXTY_SEVEN " next", "i" SIXTY_SEVEN END "inext" END),
	ROW(SIXTY_SEVEN, "i" SIXTY_SEVEN END),
	ROW(SIXTY_SEVEN "8", "i" SIXTY_SEVEN END "i8" END),
	ROW("# Title", "iTitle\tTITLE\tnull.host\t1\r\ni=====" END),
	ROW("# One\n# Two\n",
	    "iOne\tTITLE\tnull.host\t1\r\ni===" END "iTwo" END "i===" END),
	ROW("## Part", "iPart" END "i----" END),
	ROW("## Part\n# One",
	    "iPart" END "i----" END "iOne\tTITLE\tnull.host\t1\r\ni===" END),
	ROW("### Sub", "iSub" END "i~~~" END),
	ROW("#\n##\n### \n", "i" END "i" END "i" END),
	ROW("#\n# One", "i" END "iOne\tTITLE\tnull.host\t1\r\ni===" END),
	ROW("# " WORLD "!", "i" WORLD "!\tTITLE\tnull.host\t1\r\ni=====" END),
	ROW("## e" ACUTE "e" ACUTE, "ie" ACUTE "e" ACUTE END "i--" END),
	ROW("## " GRIN, "i" GRIN END "i--" END),
	ROW("# " SIXTY " is a long title",
	    "i" SIXTY " is a\tTITLE\tnull.host\t1\r\nilong title" END "i"
	    "=====" SIXTY_EQUALS END),
	ROW("# short " SIXTY "123",
	    "ishort\tTITLE\tnull.host\t1\r\ni" SIXTY "123" END
	    "i===" SIXTY_EQUALS END),
	ROW("* item", "i* item" END),
	ROW("* ", "i*" END),
	ROW("* " SIXTY "12345 next", "i* " SIXTY "12345" END "i  next" END),
	ROW("* " SIXTY "123456", "i* " SIXTY "12345" END "i  6" END),
	ROW(">quoted", "i> quoted" END),
	ROW("> quoted", "i> quoted" END),
	ROW(">", "i>" END),
	ROW("> " SIXTY "12345 next", "i> " SIXTY "12345" END "i> next" END),
	ROW("*no space", "i*no space" END),
	ROW("```\n```", ""),
	ROW("``` alt\na\n``` more\nb", "ia" END "ib" END),
	ROW("```\n /\\\tx\n```", "i /\\     x" END),
	ROW("```\n=> not a link\n```", "i=> not a link" END),
	ROW("```\n# not  \r\n", "i# not  " END),
	ROW("```\n" SIXTY SIXTY SIXTY TEN TEN "1",
	    "i" SIXTY SIXTY SIXTY TEN TEN END "i1" END),
	ROW("```\n" SIXTY "\t" SIXTY SIXTY " 123456 12",
	    "i" SIXTY "    " SIXTY SIXTY " 123456 12" END),
	ROW("```\n" SIXTY SIXTY SIXTY TEN "123456789" WORLD,
	    "i" SIXTY SIXTY SIXTY TEN "123456789" END "i" WORLD END),
	ROW("a\tb", "ia b" END),
	ROW("Gr\xc3\xbc\xc3\x9f"
	    "e, " WORLD,
	    "iGr\xc3\xbc\xc3\x9f"
	    "e, " WORLD END),
	ROW("a\x1b[1mb", "ia[1mb" END),
	ROW("a\0b\x7f\xc2\x9b"
	    "c",
	    "iabc" END),
	ROW("caf\xe9 \xff", "icaf" BAD " " BAD END),
	ROW("a\xe2\x80\xa8"
	    "b\xe2\x80\xa9"
	    "c",
	    "ia" END "ib" END "ic" END),
	ROW("\xef\xbb\xbf# Title", "iTitle\tTITLE\tnull.host\t1\r\ni=====" END),
	ROW("\xef\xbb\xbf\n", "i" END),
	ROW(SIXTY "123456" WORLD, "i" SIXTY "123456" END "i" WORLD END),
	ROW(SIXTY "12345" WORLD,
	    "i" SIXTY "12345\xe4\xb8\x96" END "i\xe7\x95\x8c" END),
	ROW(SIXTY "123456e" ACUTE ACUTE "x",
	    "i" SIXTY "123456e" ACUTE ACUTE END "ix" END),
	ROW(SIXTY "12345" GRIN GRIN, "i" SIXTY "12345" GRIN END "i" GRIN END),
	ROW(".", "i." END),
	ROW("x          " SIXTY_SPACES "!", "ix" END "i!" END),
	ROW("x          " SIXTY_SPACES "y", "ix" END "iy" END),
	ROW("=>", "i=>" END),
	ROW("=> \r\n", "i=>" END),
};

static void
projects_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_projection(source_of(rows[i].in), rows[i].want, i);
}

/* After an item type that took long, others have their turn. */
static void
pauses(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct page_source source =
		    source_of(STR("=> a.txt A\n=> b.png B\n"));
		struct gophermenu_page page = { .site = &site,
			.base = source.base,
			.read = page_read,
			.item_type = item_type,
			.context = &source };
		struct gophermenu *menu;
		struct arena arena;
		char room[GOPHERMENU_ROOM];
		bool ended = false;
		size_t reads = 0;

		arena_init(&arena, CAP);
		menu = gophermenu_open(&arena, &page);
		source.pauses = i == 1 ? menu : NULL;
		for (; !ended; reads++)
			assert_true(gophermenu_read(
					menu, room, sizeof room, &ended) > 0);
		assert_int_equal(reads, i == 0 ? 1 : 3);
		gophermenu_release(menu);
		arena_release(&arena);
	}
}

static void
shows_alt_text(void **state)
{
	struct site shown = site;
	struct page_source source = source_of(
	    STR("```\n```\n``` a cat\nx\n``` no\n```" SIXTY " 12345 7"));

	(void)state;
	shown.alt_text = true;
	source.site = &shown;
	assert_projection(source,
	    "i[a cat]" END "ix" END "i[" SIXTY " 12345" END "i 7]" END ".\r\n",
	    0);
}

static void
other_width(void **state)
{
	struct site narrow = site;
	struct page_source source =
	    source_of(STR("0123456789 0123456789 0123456789 0123456789\n"
			  "* 0123456789 0123456789 0123456789\n"));

	(void)state;
	narrow.width = 33;
	source.site = &narrow;
	assert_projection(source,
	    "i0123456789 0123456789 0123456789" END "i0123456789" END
	    "i* 0123456789 0123456789" END "i  0123456789" END ".\r\n",
	    0);
}

/* Four fields, no control byte, and a dot at the end. */
static void
assert_menu(struct str menu)
{
	assert_true(str_ends(menu, STR(".\r\n")));
	menu = str_head(menu, menu.len - 3);
	while (menu.len > 0) {
		struct str line = str_cut(&menu, '\n');
		int tabs = 0;

		assert_true(line.len > 1 && line.len < GOPHERMENU_ROOM);
		assert_int_equal(line.at[line.len - 1], '\r');
		for (size_t i = 0; i + 1 < line.len; i++) {
			tabs += line.at[i] == '\t';
			assert_true(line.at[i] == '\t' ||
			    (unsigned char)line.at[i] >= ' ');
			assert_int_not_equal(line.at[i], '\x7f');
		}
		assert_int_equal(tabs, 3);
	}
}

/* Every row in one page: long enough for several rooms. */
static struct str
all_rows(void)
{
	size_t size = 100000;
	char *at = malloc(size);
	struct buf out = buf_over(at, size);

	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_add(&out, rows[i].in);
		buf_char(&out, '\n');
		if (str_starts(rows[i].in, STR("```\n")) &&
		    !str_ends(rows[i].in, STR("```")))
			buf_add(&out, STR("```\n"));
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_add(&out, STR("=> deep.txt "));
		buf_add(&out, rows[i].in);
		buf_add(&out, STR("\n=> gopher://g2.example/0/x Label\n"));
	}
	for (size_t i = 0; i < 9000; i++)
		buf_add(&out, i % 7 == 0 ? STR(WORLD) : STR("word "));
	assert_false(out.overflow);
	return buf_str(&out);
}

/* However a page comes and goes, it is the same menu. */
static void
assert_any_chunk(struct str page)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 1000, 4096, 16384 };
	static const size_t rooms[] = { 4096, 4097, 5003, 65536 };
	struct str want = project(source_of(page));

	assert_menu(want);
	for (size_t i = 0; i < COUNT(chunks) * COUNT(rooms); i++) {
		struct page_source source = source_of(page);
		struct str got;

		source.chunk = chunks[i % COUNT(chunks)];
		source.room = rooms[i / COUNT(chunks)];
		got = project(source);
		if (!str_equals(got, want))
			fail_msg("chunks of %zu, rooms of %zu differ",
			    source.chunk, source.room);
		release(got);
	}
	release(want);
}

static void
chunks_do_not_matter(void **state)
{
	struct str page = all_rows();

	(void)state;
	assert_any_chunk(page);
	release(page);
}

static const char *const hostile[][2] = {
	{ "", "a" },
	{ "", "a b" },
	{ "", " " },
	{ "x", "   !" },
	{ "", "\t" },
	{ "", "\x01" },
	{ "", "\xff" },
	{ "", "\xe2\x80\xa8" },
	{ "", "a\xe2\x80\xa9 " },
	{ "a", ACUTE },
	{ "", "\xe2\x80\x8d" GRIN },
	{ "", WORLD },
	{ "", "\xe2\x80" },
	{ "# ", "word " },
	{ "# ", ACUTE },
	{ "* ", "word, " },
	{ "> ", "word (" },
	{ "=> a.txt ", "label " },
	{ "=> ", "a" },
	{ "=> ", "%41/../" },
	{ "=>", " " },
	{ "```", "alt " },
	{ "```\n", "=> x\t" },
	{ "```\n", ACUTE },
	{ "```\n", "\xe2\x80\xa8" },
	{ "", "\n" },
	{ "", "#\n" },
	{ "", "```\n" },
	{ "", ">\r" },
	{ "", "=> x y\n" },
};

static void
hostile_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct str page = filled(hostile[i][0], hostile[i][1], 40000);
		struct page_source source = source_of(page);
		struct str want, got;

		source.room = 8 << 20;
		want = project(source);
		assert_menu(want);
		source.room = GOPHERMENU_ROOM;
		source.chunk = 511;
		got = project(source);
		assert_true(str_equals(got, want));
		release(want);
		release(got);
		release(page);
	}
}

static void
long_lines_keep_their_kind(void **state)
{
	static const struct {
		const char *head, *first, *rest;
	} kinds[] = {
		{ "", "iword", "iword" },
		{ "# ", "iword", "iword" },
		{ "* ", "i* word", "i  word" },
		{ ">", "i> word", "i> word" },
		{ "=> a.txt ", "0word", "i  word" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct str page = filled(kinds[i].head, "word ", 100000);
		struct str menu = project(source_of(page)), rest = menu;
		struct str line = str_cut(&rest, '\n');
		size_t words = 0;

		assert_true(str_starts(line, str_of(kinds[i].first)));
		for (;;) {
			while (str_find(line, 'w') < line.len) {
				line = str_tail(line, str_find(line, 'w') + 1);
				words++;
			}
			line = str_cut(&rest, '\n');
			if (!str_starts(line, str_of(kinds[i].rest)))
				break;
		}
		assert_int_equal(words, (page.len - strlen(kinds[i].head)) / 5);
		if (kinds[i].head[0] == '#')
			assert_true(str_starts(line, STR("i====")));
		else
			assert_true(str_equals(line, STR(".\r")));
		release(menu);
		release(page);
	}
}

/* A million bytes in one line, and a hundred thousand links. */
static void
large_pages(void **state)
{
	struct str page = filled("", "word ", 1 << 20);
	struct str menu = project(source_of(page)), rest;

	(void)state;
	assert_menu(menu);
	release(menu);
	release(page);
	page = filled("", "=> ../x/y.txt?z#q z\n", (size_t)100000 * 20);
	menu = rest = project(source_of(page));
	for (size_t i = 0; i < 100000; i++) {
		assert_true(str_starts(rest, STR("1z\t/x/y.txt?z" OURS)));
		rest = str_tail(rest, sizeof "1z\t/x/y.txt?z" OURS - 1);
	}
	assert_true(str_equals(rest, STR(".\r\n")));
	release(menu);
	release(page);
	page = filled("", WORLD, 30000);
	menu = project(source_of(page));
	assert_null(memmem(menu.at, menu.len, BAD, sizeof BAD - 1));
	release(menu);
	release(page);
	page = (struct str){ calloc(1, 1 << 20), 1 << 20 };
	menu = project(source_of(page));
	assert_true(str_equals(menu, STR("i" END ".\r\n")));
	release(menu);
	release(page);
}

static void
source_failure(void **state)
{
	static const char *const pages[] = { "", "one\n", "one\ntwo" };

	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct page_source source = source_of(str_of(pages[i]));
		struct str got;

		source.error = EIO;
		got = project(source);
		assert_int_equal(errno, EIO);
		assert_true(
		    str_equals(got, i == 0 ? STR("") : STR("ione" END)));
		release(got);
	}
}

static void
no_memory(void **state)
{
	struct page_source source = source_of(STR("one"));
	struct gophermenu_page page = { .site = &site,
		.base = source.base,
		.read = page_read,
		.item_type = item_type,
		.context = &source };
	struct gophermenu *menu = NULL;
	size_t n = 0;

	(void)state;
	while (menu == NULL) {
		struct arena arena;

		arena_init(&arena, CAP);
		arena_fail_at(&arena, ++n);
		menu = gophermenu_open(&arena, &page);
		if (menu != NULL)
			gophermenu_release(menu);
		arena_release(&arena);
	}
	assert_in_range(n, 3, 9);
}

static void
writes_items(void **state)
{
	char room[256];
	struct buf out = buf_over(room, sizeof room);
	struct buf small = buf_over(room, 40);

	(void)state;
	gophermenu_item(&out, &site,
	    &(struct gophermenu_item){
		'1', STR("a\tb\x1b\xff"), STR("/c\t\r\nd e"), STR(""), 0 });
	gophermenu_item(&out, &site,
	    &(struct gophermenu_item){
		'0', STR("x"), STR(""), STR("h.\texample"), 7070 });
	gophermenu_info(&out, STR("hello\r\n"));
	gophermenu_error(&out, STR("no"));
	assert_true(str_equals(buf_str(&out),
	    STR("1a b" BAD "\t/cd e" OURS "0x\t\th.example\t7070\r\n"
		"ihello" END "3no\t\terror.host\t1\r\n")));
	assert_false(out.overflow);
	gophermenu_info(&small, STR("fits"));
	gophermenu_info(&small, STR("does not fit"));
	assert_true(small.overflow);
	assert_true(str_equals(buf_str(&small), STR("ifits" END)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(projects_lines),
		cmocka_unit_test(pauses),
		cmocka_unit_test(shows_alt_text),
		cmocka_unit_test(other_width),
		cmocka_unit_test(chunks_do_not_matter),
		cmocka_unit_test(hostile_pages),
		cmocka_unit_test(long_lines_keep_their_kind),
		cmocka_unit_test(large_pages),
		cmocka_unit_test(source_failure),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(writes_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
