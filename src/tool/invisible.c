/* Names invisible characters, which a message cannot show. */
#include "tool/invisible.h"

#include <uniname.h>
#include <unictype.h>

#include "text/utf8.h"

static bool
is_invisible(ucs4_t c)
{
	return c >= 0xa0 &&
	    (uc_is_property_white_space(c) ||
		uc_is_property_default_ignorable_code_point(c) ||
		uc_is_property_format_control(c) || c == 0x2800);
}

/* Takes a character from `text`; 0: a byte that is not UTF-8. */
static ucs4_t
take(struct str *text)
{
	struct str part;
	uint32_t c;

	return utf8_take(text, &c, &part) ? c : 0;
}

bool
invisible_find(struct str text, struct buf *out)
{
	char name[UNINAME_MAX];

	while (text.len > 0) {
		ucs4_t c = take(&text);

		if (!is_invisible(c))
			continue;
		if (unicode_character_name(c, name) == NULL)
			name[0] = '\0';
		buf_printf(out, "U+%04X %s", (unsigned)c, name);
		return true;
	}
	return false;
}

struct str
invisible_trim_start(struct str text)
{
	struct str rest = text;

	while (rest.len > 0 && is_invisible(take(&rest)))
		text = rest;
	return text;
}
