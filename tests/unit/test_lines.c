#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "source.h"
#include "text/buf.h"
#include "text/lines.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
/* STR is no constant, as the tables here have to be. */
#define TEXT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}

static void
open_lines(struct lines *lines, struct arena *arena, struct source *source,
    size_t longest)
{
	*lines = (struct lines){ source_read, source, .longest = longest };
	arena_init(arena, (size_t)64 << 10);
	assert_int_equal(lines_open(lines, arena), 0);
}

/* Parts in brackets: "[" begins a line, "<" goes on; "]" and ">" end it. */
static const struct row {
	struct str in;
	const char *want;
} rows[] = {
	{ TEXT(""), "" },
	{ TEXT("\n"), "[]" },
	{ TEXT("a"), "[a]" },
	{ TEXT("a\n"), "[a]" },
	{ TEXT("a\r\n\nb"), "[a\r][][b]" },
	{ TEXT("1234567\n"), "[1234567]" },
	{ TEXT("12345678"), "[12345678><]" },
	{ TEXT("12345678\n9\n"), "[12345678><][9]" },
	{ TEXT("1234567890123456789"), "[12345678><90123456><789]" },
	{ TEXT("1234567\xc3\xbc"), "[1234567><\xc3\xbc]" },
	{ TEXT("123456\xc3\xbc"), "[123456\xc3\xbc><]" },
	{ TEXT("12345\xf0\x9f\x98\x80"), "[12345><\xf0\x9f\x98\x80]" },
	{ TEXT("1234\xf0\x9f\x98\x80"), "[1234\xf0\x9f\x98\x80><]" },
	{ TEXT("12345678\xff"), "[12345678><\xff]" },
	{ TEXT("1234567\xff"), "[1234567><\xff]" },
	{ TEXT("\x80\x80\x80\x80\x80\x80\x80\x80"),
	    "[\x80\x80\x80\x80\x80\x80\x80\x80><]" },
	{ TEXT("\xef\xbb\xbf"), "[]" },
	{ TEXT("\xef\xbb\xbf"
	       "a\n\xef\xbb\xbf"),
	    "[a][\xef\xbb\xbf]" },
};

static void
show(struct lines *lines, struct buf *out)
{
	struct lines_part part;

	while (lines_next(lines, &part) == 1) {
		buf_char(out, part.first ? '[' : '<');
		buf_add(out, part.text);
		buf_char(out, part.last ? ']' : '>');
	}
}

static void
gives_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 4; i++) {
		const struct row *row = &rows[i / 4];
		struct source source = { .text = row->in,
			.chunk = 1 + i % 4 * 3 };
		char room[128];
		struct buf got = buf_over(room, sizeof room);
		struct arena arena;
		struct lines lines;

		open_lines(&lines, &arena, &source, 8);
		show(&lines, &got);
		if (!str_equals(buf_str(&got), str_of(row->want)))
			fail_msg("row %zu: got '%.*s', want '%s'", i / 4,
			    STR_ARG(buf_str(&got)), row->want);
		arena_release(&arena);
	}
}

/* A turn reads its source so many times, whether that makes a line or not. */
static void
turns_end(void **state)
{
	struct source source = { .text = STR("one\ntwo\n"), .chunk = 3 };
	char room[128];
	struct buf got = buf_over(room, sizeof room);
	struct arena arena;
	struct lines lines;
	struct lines_part part;
	size_t turns = 0;

	(void)state;
	open_lines(&lines, &arena, &source, 8);
	lines.turn = 1;
	for (; !lines.ended; turns++) {
		show(&lines, &got);
		if (!lines.ended)
			assert_int_equal(
			    lines_next(&lines, &part), LINES_LATER);
		lines_turn(&lines);
	}
	assert_int_equal(turns, 4);
	assert_true(str_equals(buf_str(&got), STR("[one][two]")));
	arena_release(&arena);
}

/* Every byte of a text many times the buffer comes, once, in its place. */
static void
loses_nothing(void **state)
{
	static char text[(size_t)1 << 20];
	struct source source = { .text = { text, sizeof text }, .chunk = 5000 };
	struct arena arena;
	struct lines lines;
	struct lines_part part;
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = "abcdefghijklmnopqrstuvw"[i % 23];
	for (size_t i = 0; i < sizeof text; i += 977)
		text[i] = '\n';
	memset(text + 3 * LINES_BUFFER, 'x', 9 * LINES_BUFFER);
	open_lines(&lines, &arena, &source, LINES_BUFFER / 2);
	while (lines_next(&lines, &part) == 1) {
		assert_true(part.text.len <= LINES_BUFFER / 2);
		assert_memory_equal(part.text.at, text + seen, part.text.len);
		seen += part.text.len;
		if (part.last && seen < sizeof text)
			assert_int_equal(text[seen++], '\n');
	}
	assert_int_equal(seen, sizeof text);
	arena_release(&arena);
}

static void
failure_stays(void **state)
{
	struct source source = {
		.text = STR("one\ntw"), .chunk = 3, .error = EIO
	};
	struct arena arena;
	struct lines lines;
	struct lines_part part;

	(void)state;
	open_lines(&lines, &arena, &source, 8);
	assert_int_equal(lines_next(&lines, &part), 1);
	for (int i = 0; i < 2; i++) {
		errno = 0;
		assert_int_equal(lines_next(&lines, &part), -1);
		assert_int_equal(errno, EIO);
		source.error = 0;
	}
	arena_release(&arena);
}

static void
no_memory(void **state)
{
	struct lines lines = { source_read, NULL, .longest = 8 };
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)64 << 10);
	arena_fail_at(&arena, 1);
	assert_int_equal(lines_open(&lines, &arena), -1);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_lines),
		cmocka_unit_test(turns_end),
		cmocka_unit_test(loses_nothing),
		cmocka_unit_test(failure_stays),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
