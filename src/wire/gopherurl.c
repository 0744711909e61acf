/*
 * The HTML page behind a "URL:" selector (Goerzen 2002).
 */
#include "wire/gopherurl.h"

#include <stdbool.h>

#include "text/gopherlink.h"

/* Escapes text for HTML content and for attributes in double quotes. */
static void
add_escaped(struct buf *page, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.at[i]) {
		case '&': buf_add(page, STR("&amp;")); break;
		case '<': buf_add(page, STR("&lt;")); break;
		case '>': buf_add(page, STR("&gt;")); break;
		case '"': buf_add(page, STR("&quot;")); break;
		case '\'': buf_add(page, STR("&#39;")); break;
		default: buf_char(page, text.at[i]); break;
		}
}

/* Whether a link with this scheme is safe to follow automatically. */
static bool
is_followed(struct str scheme)
{
	if (gopherlink_refuses(scheme))
		return false;
	for (size_t i = 0; i < scheme.len; i++) {
		char c = scheme.at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other =
		    (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';

		if (!letter && (i == 0 || !other))
			return false;
	}
	return scheme.len > 0;
}

int
gopherurl_page(struct buf *page, struct str url)
{
	size_t colon = str_find(url, ':');

	if (colon + 1 >= url.len || !is_followed(str_head(url, colon)) ||
	    str_find(url, ' ') < url.len)
		return -1;
	buf_add(page,
	    STR("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		"<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"refresh\" content=\"5; url="));
	add_escaped(page, url);
	buf_add(page,
	    STR("\">\n<title>A link out of Gopher</title>\n"
		"</head>\n<body>\n"
		"<p>This link leads out of Gopher. You will be taken "
		"to it in five seconds:</p>\n<p><a href=\""));
	add_escaped(page, url);
	buf_add(page, STR("\">"));
	add_escaped(page, url);
	buf_add(page, STR("</a></p>\n</body>\n</html>\n"));
	return 0;
}
