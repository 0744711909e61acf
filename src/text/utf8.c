/* Cleans text for display. */
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

bool
utf8_is_valid(struct str text)
{
	return text.len == 0 ||
	    u8_check((const uint8_t *)text.at, text.len) == NULL;
}
