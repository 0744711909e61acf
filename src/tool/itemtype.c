/* Compares the item type that an author wrote with the answer. */
#include "tool/itemtype.h"

#include "serve/response.h"
#include "text/mime.h"

/* The item type that the server itself would write for the answer. */
static char
type_of(const struct site *site, enum status status, struct str mime)
{
	if (status == STATUS_INPUT)
		return '7';
	if (mime_is(mime, RESPONSE_MENU))
		return '1';
	/* The source of a page, by a selector such as "0/page.gmi". */
	if (mime_is(mime, STR("text/gemini")))
		return '0';
	return mime_item_type(site, mime);
}

/* Whether clients that get `type` can show an answer of type `own`. */
static bool
fits(char type, char own, struct str mime)
{
	bool is_text = own == '0' || own == 'h';

	switch (type) {
	case '1': return own == '7'; /* the answer is a menu with the prompt */
	case '7':
	case 'h': return false;
	case '0':
	case '4':
	case '6': return is_text;
	case 'g':
	case 'I':
	case 'p': return str_starts(mime, STR("image/"));
	case 's':
	case '<': return str_starts(mime, STR("audio/"));
	case ';': return str_starts(mime, STR("video/"));
	case '5': return !is_text && own != '1' && own != '7';
	case '9':
	case 'd':
	case 'P': return own != '1' && own != '7';
	default: return true;
	}
}

char
itemtype_instead(
    const struct site *site, char type, enum status status, struct str mime)
{
	char own = type_of(site, status, mime);

	if (type == own || fits(type, own, mime))
		return '\0';
	return own;
}
