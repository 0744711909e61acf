/* Makes the name of a file from a title. */
#include "text/slug.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* Removes differences of case and accents, as Unicode defines them. */
static uint8_t *
folded(struct str s, size_t *len)
{
	size_t cut = s.len < 4 * SLUG_MAX ? s.len : 4 * SLUG_MAX;

	while (cut < s.len && ((unsigned char)s.at[cut] & 0xc0) == 0x80)
		cut--;
	return u8_casefold(
	    (const uint8_t *)s.at, cut, NULL, UNINORM_NFKD, NULL, len);
}

/*
 * Removes whole words from the end of `slug` until it is short enough, and then
 * words of up to three letters such as "of", "to", "the".
 */
static void
shorten(struct buf *slug)
{
	bool cut = false;

	while (slug->len > 0) {
		size_t word = slug->len;

		while (word > 0 && slug->at[word - 1] != '-')
			word--;
		if (slug->len <= SLUG_MAX &&
		    (!cut || word == 0 || slug->len - word > 3))
			return;
		cut = true;
		/* A single long word is cut anywhere. */
		slug->len = word > 0 ? word - 1 : SLUG_MAX;
	}
}

/* Appends the letters and digits of `text` as words with "-" between. */
static void
add_words(struct buf *slug, const uint8_t *text, size_t len)
{
	bool gap = false;

	for (size_t i = 0; i < len;) {
		ucs4_t c;

		i += (size_t)u8_mbtouc(&c, text + i, len - i);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			if (gap && slug->len > 0)
				buf_char(slug, '-');
			gap = false;
			buf_char(slug, (char)c);
		} else if (c != '\'' && c != 0x2019 &&
		    uc_combining_class(c) == 0) {
			/* Apostrophes and accents do not separate words. */
			gap = true;
		}
	}
}

int
slug_make(struct buf *out, struct str text)
{
	size_t len;
	uint8_t *plain = folded(text, &len);

	if (plain == NULL)
		return -1;
	add_words(out, plain, len);
	free(plain);
	shorten(out);
	return 0;
}
