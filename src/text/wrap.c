/*
 * Wraps text at columns with libunistring: cleans it, measures its width, and
 * finds its line breaks.  ASCII takes shortcuts.
 */
#include "text/wrap.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unigbrk.h>
#include <unilbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#define STOP ((size_t)8)
/* More bytes than one character, or the spaces of a TAB, can have. */
#define CHARACTER_ROOM ((size_t)8)
/* More characters than any rule of UAX #14 reads after a break. */
#define LOOKAHEAD 8

#define REPLACEMENT STR("\xef\xbf\xbd")

static bool
is_plain(char c)
{
	return c >= ' ' && c <= '~';
}

/* Whether each of eight bytes is printable ASCII. */
static bool
are_plain(const char *at)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t bytes;

	/* The top bit of x, of x - 0x20 or of x + 1 is set. */
	memcpy(&bytes, at, sizeof bytes);
	return ((bytes | (bytes - 0x20 * each) | (bytes + each)) &
		   0x80 * each) == 0;
}

size_t
wrap_plain(struct str s)
{
	size_t n = 0;

	while (s.len - n >= 8 && are_plain(s.at + n))
		n += 8;
	while (n < s.len && is_plain(s.at[n]))
		n++;
	return n;
}

/* Decodes the first character of `s`; returns its length, -1 if invalid. */
static int
character(struct str s, ucs4_t *out)
{
	/* Most characters are ASCII: save the call. */
	if ((s.at[0] & 0x80) == 0) {
		*out = (ucs4_t)s.at[0];
		return 1;
	}
	return u8_mbtoucr(out, (const uint8_t *)s.at, s.len);
}

static size_t
width(ucs4_t c)
{
	int columns = c < 0x7f ? 1 : uc_width(c, "UTF-8");

	return columns > 0 ? (size_t)columns : 0;
}

static void
clean_tab(struct buf *out, size_t *column)
{
	size_t n = column == NULL ? 1 : STOP - *column % STOP;

	buf_add(out, str_head(STR("        "), n));
	if (column != NULL)
		*column += n;
}

/* Takes one character that is not printable ASCII from `raw`. */
static void
clean_character(struct buf *out, struct str *raw, size_t *column)
{
	ucs4_t c;
	int len = character(*raw, &c);
	struct str text = REPLACEMENT;

	if (len < 0) {
		len = 1;
		c = 0xfffd;
	} else {
		text = str_head(*raw, (size_t)len);
	}
	*raw = str_tail(*raw, (size_t)len);
	if (c == '\t') {
		clean_tab(out, column);
	} else if (c == 0x2028 || c == 0x2029) {
		buf_char(out, '\n');
		if (column != NULL)
			*column = 0;
	} else if (c >= 0xa0) {
		buf_add(out, text);
		if (column != NULL)
			*column += width(c);
	}
}

void
wrap_clean(struct buf *out, struct str *raw, size_t *column)
{
	while (raw->len > 0 && buf_room(out) >= CHARACTER_ROOM) {
		size_t room = buf_room(out);
		size_t run =
		    wrap_plain(raw->len > room ? str_head(*raw, room) : *raw);

		buf_add(out, str_head(*raw, run));
		*raw = str_tail(*raw, run);
		if (column != NULL)
			*column += run;
		if (run == 0)
			clean_character(out, raw, column);
	}
}

/* The leading part of `text` that fits on a line, a "\n" left out. */
static size_t
fitting(struct str text, size_t columns)
{
	size_t fit =
	    wrap_plain(text.len > columns ? str_head(text, columns) : text);

	assert(columns >= 2 && columns <= WRAP_PIECE);
	columns -= fit;
	while (fit < text.len && text.at[fit] != '\n') {
		ucs4_t c;
		int len = character(str_tail(text, fit), &c);
		size_t wide = width(c);

		assert(len > 0);
		if (wide > columns || fit + (size_t)len > WRAP_PIECE)
			break;
		columns -= wide;
		fit += (size_t)len;
	}
	return fit;
}

size_t
wrap_columns(struct str text)
{
	size_t columns = 0;

	while (text.len > 0) {
		ucs4_t c;
		int len = character(text, &c);

		assert(len > 0);
		columns += width(c);
		text = str_tail(text, (size_t)len);
	}
	return columns;
}

/* The first byte of `text`, from `at` on, that is not a space. */
static size_t
after_spaces(struct str text, size_t at)
{
	while (at < text.len && text.at[at] == ' ')
		at++;
	return at;
}

static size_t
character_length(struct str text, size_t at)
{
	ucs4_t c;
	int len = character(str_tail(text, at), &c);

	assert(len > 0);
	return (size_t)len;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/*
 * Whether UAX #14 forbids a break before `c`, which `next` follows: words and
 * quotation marks stay together (rules LB19, LB23, LB25, LB28), also with full
 * stops and commas after them (LB13).  Whether a letter may follow those
 * depends on the library's version (LB29).
 */
static bool
is_glue(char c, char next)
{
	return is_word(c) || c == '"' || c == '\'' ||
	    ((c == ',' || c == '.' || c == ':' || c == ';') &&
		!is_letter(next));
}

/* Whether a line may break at a space after `c`: not after "(" (LB14). */
static bool
is_before_break(char c)
{
	return is_plain(c) && strchr(" ([{", c) == NULL;
}

/*
 * Finds the most frequent break: a space, then a word that does not fit.
 * Returns 0 for other text, which needs UAX #14.
 */
static size_t
break_between_words(struct str text, size_t fit)
{
	size_t at = fit;
	char next = ' ';

	while (at > 0 && is_glue(text.at[at], next))
		next = text.at[at--];
	if (at == 0 || text.at[at] != ' ' || !is_before_break(text.at[at - 1]))
		return 0;
	at = after_spaces(text, at);
	return at < text.len && is_word(text.at[at]) ? at : 0;
}

/*
 * The end of the text that decides whether a line may break at `at`.  Since
 * Unicode 16 that is more than one character: a quotation mark stays with the
 * text before it unless both its neighbours are East Asian (rule LB19a).
 * Combining marks do not count (LB9).
 */
static size_t
lookahead(struct str text, size_t at)
{
	for (int n = 0; n < LOOKAHEAD && at < text.len &&
	     at + CHARACTER_ROOM <= WRAP_WINDOW;) {
		ucs4_t c;
		int len = character(str_tail(text, at), &c);

		assert(len > 0);
		at += (size_t)len;
		n += width(c) > 0 ? 1 : 0;
	}
	return at;
}

/*
 * The last break before `fit`, or the break at `after` if only spaces come
 * before it; 0 when there is none.
 */
static size_t
break_anywhere(struct str text, size_t fit, size_t after)
{
	char breaks[WRAP_WINDOW];
	size_t blank = after_spaces(text, 0);

	u8_possible_linebreaks(
	    (const uint8_t *)text.at, lookahead(text, after), "UTF-8", breaks);
	for (size_t at = after; at > blank; at--) {
		if (at <= fit || at == after) {
			if (breaks[at] == UC_BREAK_POSSIBLE)
				return at;
		}
	}
	return 0;
}

static size_t
break_between_graphemes(struct str text, size_t fit)
{
	char breaks[WRAP_WINDOW];

	if (is_plain(text.at[fit - 1]) && is_plain(text.at[fit]))
		return fit;
	u8_grapheme_breaks((const uint8_t *)text.at,
	    fit + character_length(text, fit), breaks);
	for (size_t at = fit; at > 0; at--) {
		if (breaks[at] != 0)
			return at;
	}
	return fit; /* no text has such a line */
}

static struct wrap_piece
without_spaces(struct str text, size_t taken)
{
	while (text.len > 0 && text.at[text.len - 1] == ' ')
		text.len--;
	return (struct wrap_piece){ text, taken };
}

struct wrap_piece
wrap_next(struct str text, size_t columns)
{
	size_t fit = fitting(text, columns);
	size_t after = after_spaces(text, fit);
	size_t at;

	if (after == text.len || text.at[after] == '\n')
		return without_spaces(
		    str_head(text, fit), after + (after < text.len ? 1 : 0));
	/* More spaces than the window has: break here. */
	if (after + CHARACTER_ROOM > WRAP_WINDOW)
		return without_spaces(str_head(text, fit), after);
	at = break_between_words(text, fit);
	if (at == 0)
		at = break_anywhere(text, fit, after);
	if (at == 0)
		at = break_between_graphemes(text, fit);
	return without_spaces(str_head(text, at), at);
}

struct wrap_piece
wrap_cut(struct str text, size_t columns)
{
	size_t fit = fitting(text, columns);

	if (fit == text.len)
		return (struct wrap_piece){ text, fit };
	if (text.at[fit] == '\n')
		return (struct wrap_piece){ str_head(text, fit), fit + 1 };
	fit = break_between_graphemes(text, fit);
	return (struct wrap_piece){ str_head(text, fit), fit };
}
