/* Cleans or escapes text for display. */
#include "text/utf8.h"

#include <stdbool.h>
#include <unistr.h>

#define REPLACEMENT STR("\xef\xbf\xbd")

static bool
is_control(ucs4_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

void
utf8_clean(struct buf *out, struct str text)
{
	while (text.len > 0) {
		ucs4_t c;
		int len = u8_mbtoucr(&c, (const uint8_t *)text.at, text.len);

		if (len < 0)
			buf_add(out, REPLACEMENT);
		else if (c == '\t')
			buf_char(out, ' ');
		else if (!is_control(c))
			buf_add(out, str_head(text, (size_t)len));
		text = str_tail(text, len < 0 ? 1 : (size_t)len);
	}
}

/* U+2028 to U+202E are separators and marks, U+2066 to U+2069 marks. */
static bool
misleads(ucs4_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void
utf8_escape(struct buf *out, struct str text)
{
	while (text.len > 0) {
		ucs4_t c;
		int len = u8_mbtoucr(&c, (const uint8_t *)text.at, text.len);
		struct str part = str_head(text, len < 0 ? 1 : (size_t)len);
		bool shown = len >= 0 && !is_control(c) && !misleads(c);

		text = str_tail(text, part.len);
		if (shown)
			buf_add(out, part);
		for (size_t i = 0; !shown && i < part.len; i++)
			buf_printf(out, "\\x%02X", (unsigned char)part.at[i]);
	}
}

bool
utf8_is_valid(struct str text)
{
	return text.len == 0 ||
	    u8_check((const uint8_t *)text.at, text.len) == NULL;
}
