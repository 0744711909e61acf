/* Makes names of files from titles. */
#include "text/slug.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "text/letters.h"

struct slug {
	struct buf *out;
	size_t start; /* of the words in `out` */
	enum slug_letters letters;
	bool gap; /* between two words */
	bool is_latin; /* the last letter is Latin */
};

static void
add_letter(struct slug *slug, struct str letter, bool is_latin)
{
	if (slug->gap && slug->out->len > slug->start)
		buf_char(slug->out, '-');
	slug->gap = false;
	slug->is_latin = is_latin;
	buf_add(slug->out, letter);
}

static bool
add_latin(struct slug *slug, ucs4_t c)
{
	/* Schwa is a letter of its own in a search, but not in a name. */
	struct str spelling = c == 0x259 ? STR("e") : letters_spelling(c);

	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
		add_letter(slug, (struct str){ (char[]){ (char)c }, 1 }, true);
		return true;
	}
	if (spelling.len == 0 || (unsigned char)spelling.at[0] >= 0x80)
		return false;
	add_letter(slug, spelling, true);
	return true;
}

/* Adds the character `c`, whose bytes are `text`. */
static void
add(struct slug *slug, ucs4_t c, struct str text)
{
	bool is_mark = uc_is_general_category(c, UC_CATEGORY_M);

	/* Apostrophes, and accents of Latin letters, do not separate words. */
	if (add_latin(slug, c) || c == '\'' || c == 0x2019 ||
	    (is_mark && slug->is_latin))
		return;
	if (slug->letters == SLUG_ALL &&
	    (is_mark ? !slug->gap && slug->out->len > slug->start
		     : uc_is_general_category(c, UC_CATEGORY_L) ||
			uc_is_general_category(c, UC_CATEGORY_N)))
		add_letter(slug, text, false);
	else if (uc_combining_class(c) == 0)
		slug->gap = true;
}

static void
add_words(struct slug *slug, struct str text)
{
	while (text.len > 0) {
		ucs4_t c;
		size_t len =
		    (size_t)u8_mbtouc(&c, (const uint8_t *)text.at, text.len);

		add(slug, c, str_head(text, len));
		text = str_tail(text, len);
	}
}

/* Removes words from the end until at most `most` bytes are left. */
static void
shorten(struct slug *slug, size_t most)
{
	struct buf *out = slug->out;
	bool cut = false;

	while (out->len > slug->start) {
		size_t word = out->len;

		while (word > slug->start && out->at[word - 1] != '-')
			word--;
		if (out->len - slug->start <= most &&
		    (!cut || word == slug->start || out->len - word > 3))
			return;
		cut = true;
		if (word > slug->start) {
			out->len = word - 1;
			continue;
		}
		/* A single long word is cut between two characters. */
		out->len = slug->start + most;
		while (out->len > slug->start &&
		    ((unsigned char)out->at[out->len] & 0xc0) == 0x80)
			out->len--;
	}
}

/* Puts letters and marks of other scripts together again. */
static int
compose(struct slug *slug)
{
	struct buf *out = slug->out;
	size_t len = 0;
	uint8_t *composed =
	    u8_normalize(UNINORM_NFC, (const uint8_t *)out->at + slug->start,
		out->len - slug->start, NULL, &len);

	if (composed == NULL)
		return -1;
	out->len = slug->start;
	buf_add(out, (struct str){ (const char *)composed, len });
	free(composed);
	return 0;
}

int
slug_add(
    struct buf *out, struct str text, enum slug_letters letters, size_t most)
{
	struct slug slug = {
		.out = out, .start = out->len, .letters = letters
	};
	size_t len = text.len < 4 * most ? text.len : 4 * most;
	uint8_t *plain;

	while (len < text.len && len > 0 &&
	    ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	plain = u8_casefold(
	    (const uint8_t *)text.at, len, NULL, UNINORM_NFKD, NULL, &len);
	if (plain == NULL)
		return -1;
	add_words(&slug, (struct str){ (const char *)plain, len });
	free(plain);
	if (out->len > slug.start && letters == SLUG_ALL &&
	    compose(&slug) == -1)
		return -1;
	shorten(&slug, most);
	return 0;
}
