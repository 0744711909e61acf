/* Adds pages to the index of a log. */
#include "tool/gemlog.h"

#include <errno.h>

#include "text/buf.h"
#include "text/feed.h"
#include "text/gemtext.h"
#include "text/uri.h"

#define BOM STR("\xef\xbb\xbf")
#define LINE_MAX ((size_t)4096)

/* The place of a new line in an index, as an offset. */
struct gemlog_place {
	size_t at;
	bool within; /* it is among dated links, without blank lines around */
};

/*
 * Where lines can stand: the start of the first link; the end of the last dated
 * link; the start of a preformatted block that has no end.
 */
struct gemlog_found {
	size_t link, dated, unclosed;
	bool has_link, has_dated;
};

/* Notes a link at `at`; whether the new line belongs before it. */
static bool
is_place(struct gemlog_found *found, const struct gemtext_line *line, size_t at,
    struct str date)
{
	if (line->kind != GEMTEXT_LINK)
		return false;
	if (!found->has_link)
		found->link = at;
	found->has_link = true;
	return feed_is_entry(line) &&
	    str_compare(str_head(line->text, date.len), date) <= 0;
}

static struct gemlog_place
find_place(struct str index, struct str date)
{
	struct gemlog_found found = { 0 };
	bool preformatted = false;
	size_t at = str_starts(index, BOM) ? BOM.len : 0, next;

	for (; at < index.len; at = next) {
		struct str rest = str_tail(index, at);
		struct gemtext_line line =
		    gemtext_read(str_cut(&rest, '\n'), &preformatted);

		next = index.len - rest.len;
		if (is_place(&found, &line, at, date))
			return (struct gemlog_place){ at, true };
		if (line.kind == GEMTEXT_LINK && feed_is_entry(&line)) {
			found.dated = next;
			found.has_dated = true;
		}
		if (line.kind == GEMTEXT_TOGGLE && preformatted)
			found.unclosed = at;
	}
	if (found.has_dated)
		return (struct gemlog_place){ found.dated, true };
	if (found.has_link)
		return (struct gemlog_place){ found.link, false };
	return (struct gemlog_place){ preformatted ? found.unclosed : index.len,
		false };
}

static bool
is_blank(struct str line)
{
	return str_trim_end(line).len == 0;
}

/* The last line of `text`, which has no LF at its end. */
static struct str
last_line(struct str text)
{
	size_t at = text.len;

	while (at > 0 && text.at[at - 1] != '\n')
		at--;
	return str_tail(text, at);
}

static void
add_line(struct buf *out, const struct gemlog_entry *entry, struct str end)
{
	buf_add(out, STR("=> "));
	uri_encode(out, entry->name);
	buf_char(out, ' ');
	buf_add(out, entry->date);
	buf_char(out, ' ');
	buf_add(out, entry->title);
	buf_add(out, end);
}

int
gemlog_add(struct sink *out, struct str index, const struct gemlog_entry *entry)
{
	struct gemlog_place place = find_place(index, entry->date);
	struct str before = str_head(index, place.at), head = before;
	struct str after = str_tail(index, place.at);
	struct str end =
	    str_ends(str_head(index, str_find(index, '\n')), STR("\r"))
	    ? STR("\r\n")
	    : STR("\n");
	char text[LINE_MAX];
	struct buf line = buf_over(text, sizeof text);

	if (str_equals(head, BOM))
		head.len = 0;
	if (str_ends(head, STR("\n")))
		head.len--;
	else if (head.len > 0)
		buf_add(&line, end);
	if (!place.within && !is_blank(last_line(head)))
		buf_add(&line, end);
	add_line(&line, entry, end);
	if (!place.within && after.len > 0)
		buf_add(&line, end);
	errno = ENAMETOOLONG;
	if (line.overflow || out->write(out, before) == -1 ||
	    out->write(out, buf_str(&line)) == -1)
		return -1;
	return out->write(out, after);
}
