/*
 * Recognizes errors of Gopher servers, and answers that are not menus.
 */
#include "text/gopheranswer.h"

#include <stddef.h>
#include <stdint.h>

#include "text/gopheritem.h"

/* Longer texts are not error messages. */
#define TEXT_MAX 1024

static struct str
take_line(struct str *text)
{
	struct str line = str_cut(text, '\n');

	return str_ends(line, STR("\r")) ? str_head(line, line.len - 1) : line;
}

/* "3Message", TAB, selector, TAB, host, TAB, port; Gopher+ adds a field. */
static bool
is_error_line(struct str line, struct str *words)
{
	unsigned long port;

	if (!str_starts(line, STR("3")))
		return false;
	line = str_tail(line, 1);
	*words = str_cut(&line, '\t');
	(void)str_cut(&line, '\t');
	(void)str_cut(&line, '\t');
	return str_number(
	    str_trim_end(str_cut(&line, '\t')), UINT16_MAX, &port);
}

static size_t
count_items(struct str menu)
{
	size_t count = 0;

	while (menu.len > 0) {
		struct str line = take_line(&menu);
		struct gopheritem item;

		if (line.len == 0 || str_equals(line, STR(".")))
			continue;
		count += !gopheritem_read(line, &item) || item.type != 'i';
	}
	return count;
}

/* The offset of `part`, ignoring the case of ASCII letters; -1: none. */
static long
find_nocase(struct str text, struct str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (str_equals_nocase(
			str_head(str_tail(text, i), part.len), part))
			return (long)i;
	return -1;
}

/*
 * gophernicus answers with the message and a footer or, if the requested name
 * is that of a web page, with a web page that has the message as its title.
 */
static bool
is_error_text(struct str answer, struct str *words)
{
	static const struct str messages[] = {
		STR_INIT("Error: File or directory not found!"),
		STR_INIT("Error: User not found"),
		STR_INIT("Error: Access denied!"),
	};
	long title;

	if (answer.len > TEXT_MAX)
		return false;
	title = find_nocase(answer, STR("<title>"));
	if (title >= 0)
		answer = str_tail(answer, (size_t)title + 7);
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		if (str_starts(answer, messages[i])) {
			*words = str_head(answer, messages[i].len);
			return true;
		}
	return false;
}

/* Whether the message has `part` outside of a quotation of the request. */
static bool
says(struct str words, struct str request, struct str part)
{
	struct str start =
	    str_head(words, words.len < TEXT_MAX ? words.len : TEXT_MAX);
	long at =
	    str_starts(request, STR("/")) ? find_nocase(start, request) : -1;

	if (at < 0)
		return find_nocase(words, part) >= 0;
	return find_nocase(str_head(words, (size_t)at), part) >= 0 ||
	    find_nocase(str_tail(words, (size_t)at + request.len), part) >= 0;
}

/* The kind of an error, by words in the messages of known servers. */
static enum gopheranswer
kind_of(struct str words, struct str request)
{
	static const struct {
		struct str part;
		enum gopheranswer kind;
	} table[] = {
		{ STR_INIT("denied"), GOPHERANSWER_REFUSED },
		{ STR_INIT("forbidden"), GOPHERANSWER_REFUSED },
		{ STR_INIT("permission"), GOPHERANSWER_REFUSED },
		{ STR_INIT("try again"), GOPHERANSWER_LATER },
		{ STR_INIT("not found"), GOPHERANSWER_NOT_FOUND },
		{ STR_INIT("could not be found"), GOPHERANSWER_NOT_FOUND },
		{ STR_INIT("does not exist"), GOPHERANSWER_NOT_FOUND },
		{ STR_INIT("doesn't exist"), GOPHERANSWER_NOT_FOUND },
		{ STR_INIT("no such file"), GOPHERANSWER_NOT_FOUND },
		{ STR_INIT("gone for good"), GOPHERANSWER_NOT_FOUND },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (says(words, request, table[i].part))
			return table[i].kind;
	return GOPHERANSWER_OTHER_ERROR;
}

enum gopheranswer
gopheranswer_judge(struct str answer, struct str request, struct str *words)
{
	struct str rest = answer;

	if (is_error_line(take_line(&rest), words)
		? count_items(rest) <= 1
		: is_error_text(answer, words))
		return kind_of(*words, request);
	return GOPHERANSWER_NO_ERROR;
}

bool
gopheranswer_is_menu(struct str answer)
{
	struct gopheritem item;
	bool any = false;

	if (!str_ends(answer, STR("\n")) && !str_ends(answer, STR("\n.")))
		return false;
	while (answer.len > 0 && !any)
		any = gopheritem_read(str_cut(&answer, '\n'), &item);
	return any;
}

bool
gopheranswer_plain(struct str text, struct buf *out)
{
	while (text.len > 0) {
		size_t end = str_find(text, '\n');
		struct str line =
		    str_head(text, end < text.len ? end + 1 : end);

		text = str_tail(text, line.len);
		if (!str_ends(line, STR("\r\n")))
			return false;
		if (str_equals(line, STR(".\r\n")))
			return text.len == 0;
		if (str_starts(line, STR("..")))
			line = str_tail(line, 1);
		else if (str_starts(line, STR(".")))
			return false;
		buf_add(out, line);
	}
	return false;
}
