/* Cleans or escapes text for display. */
#include "text/utf8.h"

#include <stdbool.h>
#include <unistr.h>

#define REPLACEMENT STR("\xef\xbf\xbd")

bool
utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

bool
utf8_take(struct str *rest, uint32_t *c, struct str *out)
{
	int len = u8_mbtoucr(c, (const uint8_t *)rest->at, rest->len);

	*out = str_head(*rest, len < 0 ? 1 : (size_t)len);
	*rest = str_tail(*rest, out->len);
	return len >= 0;
}

void
utf8_clean(struct buf *out, struct str text)
{
	while (text.len > 0) {
		struct str part;
		uint32_t c;

		if (!utf8_take(&text, &c, &part))
			buf_add(out, REPLACEMENT);
		else if (c == '\t')
			buf_char(out, ' ');
		else if (!utf8_is_control(c))
			buf_add(out, part);
	}
}

/* U+2028 to U+202E are separators and marks, U+2066 to U+2069 marks. */
bool
utf8_misleads(uint32_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void
utf8_escape(struct buf *out, struct str text)
{
	while (text.len > 0) {
		struct str part;
		uint32_t c;
		bool shown = utf8_take(&text, &c, &part) &&
		    !utf8_is_control(c) && !utf8_misleads(c);

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
