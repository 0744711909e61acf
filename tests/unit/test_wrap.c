/* Text in columns, against the algorithm applied to the whole of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <unigbrk.h>
#include <unilbrk.h>
#include <uniwidth.h>

#include "text/wrap.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
/* STR is no constant, as the tables here have to be. */
#define TEXT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}
#define BAD "\xef\xbf\xbd"
#define WORLD "\xe4\xb8\x96\xe7\x95\x8c"
#define ACUTE "\xcc\x81"
#define FAMILY "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9"

static struct str
view(const char *text, size_t len)
{
	return (struct str){ text, len };
}

static const struct clean_row {
	struct str in, want, preformatted;
} clean_rows[] = {
	{ TEXT(""), TEXT(""), TEXT("") },
	{ TEXT("a b~"), TEXT("a b~"), TEXT("a b~") },
	{ TEXT("a\tb"), TEXT("a b"), TEXT("a       b") },
	{ TEXT("\t\t"), TEXT("  "), TEXT("                ") },
	{ TEXT("1234567\tb"), TEXT("1234567 b"), TEXT("1234567 b") },
	{ TEXT("12345678\tb"), TEXT("12345678 b"), TEXT("12345678        b") },
	{ TEXT(WORLD "\tb"), TEXT(WORLD " b"), TEXT(WORLD "    b") },
	{ TEXT("e" ACUTE "\tb"), TEXT("e" ACUTE " b"),
	    TEXT("e" ACUTE "       b") },
	{ TEXT("a\x1b[1mb"), TEXT("a[1mb"), TEXT("a[1mb") },
	{ TEXT("\0\1\r\x7f"), TEXT(""), TEXT("") },
	{ TEXT("a\xc2\x85\xc2\x9f\xc2\xa0"), TEXT("a\xc2\xa0"),
	    TEXT("a\xc2\xa0") },
	{ TEXT("\xff"), TEXT(BAD), TEXT(BAD) },
	{ TEXT("\xe2\x82(\xc0\x80"), TEXT(BAD BAD "(" BAD BAD),
	    TEXT(BAD BAD "(" BAD BAD) },
	{ TEXT("\xed\xa0\x80"), TEXT(BAD BAD BAD), TEXT(BAD BAD BAD) },
	{ TEXT("\xff\tb"), TEXT(BAD " b"), TEXT(BAD "       b") },
	{ TEXT("a\xe2\x80\xa8\tb"), TEXT("a\n b"), TEXT("a\n        b") },
	{ TEXT("a\xe2\x80\xa9"), TEXT("a\n"), TEXT("a\n") },
};

static void
assert_str(struct str got, struct str want, size_t row)
{
	if (!str_equals(got, want))
		fail_msg("row %zu: got '%.*s', want '%.*s'", row, STR_ARG(got),
		    STR_ARG(want));
}

static void
cleans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(clean_rows); i++) {
		char room[64];
		struct buf out = buf_over(room, sizeof room);
		struct str raw = clean_rows[i].in;
		size_t column = 0;

		wrap_clean(&out, &raw, NULL);
		assert_int_equal(raw.len, 0);
		assert_str(buf_str(&out), clean_rows[i].want, i);
		out.len = 0;
		raw = clean_rows[i].in;
		wrap_clean(&out, &raw, &column);
		assert_str(buf_str(&out), clean_rows[i].preformatted, i);
		assert_false(out.overflow);
	}
}

/* What does not fit stays, and nothing is lost over several turns. */
static void
cleans_in_turns(void **state)
{
	struct str in = STR("one\ttwo \xff\xff\xff " WORLD FAMILY "\tthree");
	char whole[128], turns[128], room[13];
	struct buf want = buf_over(whole, sizeof whole);
	struct buf got = buf_over(turns, sizeof turns);
	struct str raw = in;
	size_t column = 0;

	(void)state;
	wrap_clean(&want, &raw, &column);
	raw = in;
	column = 0;
	while (raw.len > 0) {
		struct buf out = buf_over(room, sizeof room);

		wrap_clean(&out, &raw, &column);
		assert_true(out.len > 0);
		buf_add(&got, buf_str(&out));
	}
	assert_str(buf_str(&got), buf_str(&want), 0);
}

#define PIECES 8

static const struct wrap_row {
	const char *in;
	size_t columns;
	const char *want[PIECES];
	const char *cut[PIECES];
} wrap_rows[] = {
	{ "", 10, { "" }, { "" } },
	{ "exactly te", 10, { "exactly te" }, { "exactly te" } },
	{ "exactly te   ", 10, { "exactly te" }, { "exactly te", "   " } },
	{ "exactly te next", 10, { "exactly te", "next" },
	    { "exactly te", " next" } },
	{ "exactly ten next", 10, { "exactly", "ten next" },
	    { "exactly te", "n next" } },
	{ "many      spaces", 8, { "many", "spaces" },
	    { "many    ", "  spaces" } },
	{ "  kept first", 7, { "  kept", "first" }, { "  kept ", "first" } },
	{ "a-hyphened word", 4, { "a-", "hyph", "ened", "word" },
	    { "a-hy", "phen", "ed w", "ord" } },
	{ "abcdefghijk", 4, { "abcd", "efgh", "ijk" },
	    { "abcd", "efgh", "ijk" } },
	{ "not ! alone", 5, { "not !", "alone" }, { "not !", " alon", "e" } },
	{ "no (x) break", 4, { "no", "(x)", "brea", "k" },
	    { "no (", "x) b", "reak" } },
	{ "a\nb c", 10, { "a", "b c" }, { "a", "b c" } },
	{ "a  \nb", 10, { "a", "b" }, { "a  ", "b" } },
	{ "abc  \nb", 3, { "abc", "b" }, { "abc", "  ", "b" } },
	{ "\n\na", 10, { "", "", "a" }, { "", "", "a" } },
	{ WORLD WORLD, 5, { WORLD, WORLD }, { WORLD, WORLD } },
	{ "x" WORLD, 4, { "x\xe4\xb8\x96", "\xe7\x95\x8c" },
	    { "x\xe4\xb8\x96", "\xe7\x95\x8c" } },
	{ "abce" ACUTE ACUTE "d", 4, { "abce" ACUTE ACUTE, "d" },
	    { "abce" ACUTE ACUTE, "d" } },
	{ "abcde" ACUTE "f", 4, { "abcd", "e" ACUTE "f" },
	    { "abcd", "e" ACUTE "f" } },
	{ "ab" FAMILY "c", 4, { "ab", FAMILY, "c" }, { "ab", FAMILY, "c" } },
};

static void
assert_pieces(const struct wrap_row *row,
    struct wrap_piece (*next)(struct str, size_t), const char *const *want)
{
	struct str text = str_of(row->in);
	size_t n = 0;

	do {
		struct wrap_piece piece = next(text, row->columns);

		assert_true(n < PIECES && want[n] != NULL);
		assert_str(
		    piece.text, str_of(want[n++]), (size_t)(row - wrap_rows));
		text = str_tail(text, piece.taken);
	} while (text.len > 0);
	assert_true(n == PIECES || want[n] == NULL);
}

static void
wraps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrap_rows); i++) {
		assert_pieces(&wrap_rows[i], wrap_next, wrap_rows[i].want);
		assert_pieces(&wrap_rows[i], wrap_cut, wrap_rows[i].cut);
	}
}

static void
counts_columns(void **state)
{
	(void)state;
	assert_int_equal(wrap_columns(STR("")), 0);
	assert_int_equal(wrap_columns(STR("abc")), 3);
	assert_int_equal(wrap_columns(STR("e" ACUTE)), 1);
	assert_int_equal(wrap_columns(STR(WORLD)), 4);
	assert_int_equal(wrap_plain(STR("ab\tc")), 2);
	assert_int_equal(wrap_plain(STR("ab~\x7f")), 3);
	assert_int_equal(wrap_plain(STR("\xc3\xbc")), 0);
}

/* A piece as the algorithm defines it, slowly, from all of the text. */
static size_t
slow_taken(struct str text, size_t columns)
{
	char breaks[WRAP_WINDOW], graphemes[WRAP_WINDOW];
	const uint8_t *at = (const uint8_t *)text.at;
	size_t taken = 0, cut = 0;

	u8_possible_linebreaks(at, text.len, "UTF-8", breaks);
	u8_grapheme_breaks(at, text.len, graphemes);
	for (size_t i = 1; i <= text.len; i++) {
		size_t end = i;

		if ((i == text.len || graphemes[i] != 0) &&
		    (size_t)u8_width(at, i, "UTF-8") <= columns)
			cut = i;
		while (end > 0 && text.at[end - 1] == ' ')
			end--;
		if (i < text.len &&
		    (breaks[i] != UC_BREAK_POSSIBLE || end == 0))
			continue;
		if ((size_t)u8_width(at, end, "UTF-8") <= columns)
			taken = i;
	}
	return taken > 0 ? taken : cut;
}

static unsigned
draw(uint32_t *state, unsigned below)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 16) % below;
}

static const char *const alphabets[][24] = {
	{ "a", "b", "Z", "9", " ", " ", ",", "." },
	{ "a", "e", "9", " ", "-", "/", "(", ")", "[", "]", "{", "}", "!", "?",
	    "'", "\"", "%", "$", ":", ";", "+", "|", "~" },
	{ "a", " ", "(", WORLD, "\xc3\xbc", ACUTE, FAMILY, "\xc2\xa0",
	    "\xe2\x80\x94", "\xe2\x80\x9c", "\xe3\x80\x82", "9", "," },
};

static void
agrees_with_the_algorithm(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (size_t n = 0; n < 60000; n++) {
		const char *const *letters = alphabets[n % COUNT(alphabets)];
		unsigned count = 0;
		char room[400];
		struct buf text = buf_over(room, sizeof room);
		unsigned len = 1 + draw(&seed, 30);
		size_t columns = 2 + draw(&seed, 10);
		size_t want;
		struct wrap_piece piece;

		while (count < 24 && letters[count] != NULL)
			count++;
		for (unsigned i = 0; i < len; i++)
			buf_add(&text, str_of(letters[draw(&seed, count)]));
		piece = wrap_next(buf_str(&text), columns);
		want = slow_taken(buf_str(&text), columns);
		/* Nothing fits when a grapheme is too wide. */
		if (want > 0 && piece.text.len > 0 && piece.taken != want)
			fail_msg("'%.*s' in %zu columns: took %zu, not %zu",
			    STR_ARG(buf_str(&text)), columns, piece.taken,
			    want);
	}
}

/* Text that no reader wrote: pieces stay short, and there is an end. */
static void
bounds_pieces(void **state)
{
	static char marks[WRAP_WINDOW], spaces[WRAP_WINDOW + 8];
	struct str text = view(marks, sizeof marks);
	struct wrap_piece piece;

	(void)state;
	for (size_t i = 0; i < sizeof marks; i += 2)
		memcpy(marks + i, ACUTE, 2);
	while (text.len > 0) {
		piece = wrap_next(text, 10);
		assert_in_range(piece.taken, 2, WRAP_PIECE);
		piece = wrap_cut(text, 10);
		assert_in_range(piece.taken, 2, WRAP_PIECE);
		text = str_tail(text, piece.taken);
	}
	memset(spaces, ' ', sizeof spaces);
	spaces[0] = 'x';
	spaces[sizeof spaces - 1] = '!';
	for (size_t at = 0; at < sizeof spaces - 1; at += piece.taken) {
		piece = wrap_next(view(spaces + at, sizeof spaces - at), 10);
		assert_true(piece.taken > 0);
		assert_true(piece.text.len <= 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans),
		cmocka_unit_test(cleans_in_turns),
		cmocka_unit_test(wraps),
		cmocka_unit_test(counts_columns),
		cmocka_unit_test(agrees_with_the_algorithm),
		cmocka_unit_test(bounds_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
