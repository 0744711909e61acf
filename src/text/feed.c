/* Writes a page of gemtext as an Atom feed. */
#include "text/feed.h"

#include <errno.h>
#include <string.h>

#include "text/buf.h"
#include "text/gemtext.h"
#include "text/gopherlink.h"
#include "text/uri.h"
#include "text/utc.h"
#include "text/utf8.h"

#define BOM STR("\xef\xbb\xbf")
#define DATE_LEN ((size_t)10)
/* A Gemini URL has at most 1024 bytes. */
#define URL_MAX ((size_t)2048)
#define TITLE_MAX ((size_t)1024)
/* A byte becomes six at most ("&quot;"), and a URL is written twice. */
#define PIECE_SIZE ((size_t)32 << 10)
/* Of longer lines only this much is read, enough for URL and title. */
#define PART ((size_t)4096)
#define SCRATCH ((size_t)1 << 20)
/* The work of one call, so that the caller is not blocked for long. */
#define READS_A_TURN 4
#define LINES_A_TURN 1024

enum stage {
	STAGE_HEAD,
	STAGE_ENTRIES,
	STAGE_END,
};

struct feed {
	struct feed_page page;
	struct lines lines;
	struct arena scratch; /* for one entry */
	enum stage stage;
	bool preformatted;
	char newest[DATE_LEN]; /* the latest date so far */
	struct str piece; /* the text that is written and not yet returned */
	char text[PIECE_SIZE];
};

/* Whether the text begins with a date: "2026-11-24". */
static bool
starts_with_date(struct str text)
{
	if (text.len < DATE_LEN || !utc_is_date(str_head(text, DATE_LEN)))
		return false;
	/* A longer number is not a date. */
	return text.len == DATE_LEN || text.at[DATE_LEN] < '0' ||
	    text.at[DATE_LEN] > '9';
}

bool
feed_is_entry(const struct gemtext_line *line)
{
	return line->kind == GEMTEXT_LINK && starts_with_date(line->text);
}

bool
feed_has_entries(struct str page, struct str *title)
{
	struct str rest = page;
	bool preformatted = false;

	*title = gemtext_title(page);
	if (str_starts(rest, BOM))
		rest = str_tail(rest, BOM.len);
	while (rest.len > 0) {
		struct str text = str_cut(&rest, '\n');
		struct gemtext_line line =
		    gemtext_read(text.len > PART ? str_head(text, PART) : text,
			&preformatted);

		if (feed_is_entry(&line))
			return true;
	}
	return false;
}

/*
 * Appends text in the form of XML 1.0 (section 2.2): without control characters
 * and the two noncharacters.
 */
static void
add_escaped(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		struct str rest = str_tail(text, i);

		if (str_starts(rest, STR("\xef\xbf\xbe")) ||
		    str_starts(rest, STR("\xef\xbf\xbf"))) {
			i += 2;
			continue;
		}
		switch (text.at[i]) {
		case '&': buf_add(out, STR("&amp;")); break;
		case '<': buf_add(out, STR("&lt;")); break;
		case '>': buf_add(out, STR("&gt;")); break;
		case '"': buf_add(out, STR("&quot;")); break;
		default: buf_char(out, text.at[i]); break;
		}
	}
}

/* `text`, shortened to TITLE_MAX bytes in whole characters. */
static struct str
shortened(struct str text)
{
	size_t len = TITLE_MAX;

	if (text.len <= len)
		return text;
	while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	return str_head(text, len);
}

static void
add_text(struct buf *out, struct str text)
{
	char clean[3 * TITLE_MAX];
	struct buf buf = buf_over(clean, sizeof clean);

	utf8_clean(&buf, shortened(text));
	add_escaped(out, buf_str(&buf));
}

/* Appends <name attributes>text</name>; `name` needs no escaping. */
static void
add_element(struct buf *out, const char *name, struct str text)
{
	buf_printf(out, "<%s>", name);
	add_text(out, text);
	buf_printf(out, "</%s>\n", name);
}

static void
add_link(struct buf *out, const char *kind, struct str url, struct str query)
{
	buf_printf(out, "<link rel=\"%s\" href=\"", kind);
	add_escaped(out, url);
	add_escaped(out, query);
	buf_add(out, STR("\"/>\n"));
}

/* The subscription companion dates an entry at noon. */
static void
add_updated(struct buf *out, struct str date)
{
	buf_add(out, STR("<updated>"));
	buf_add(out, date);
	buf_add(out, STR("T12:00:00Z</updated>\n"));
}

static void
add_head(struct feed *feed, struct buf *out)
{
	const struct feed_page *page = &feed->page;
	struct str lang = page->site->lang;

	buf_add(out,
	    STR("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<feed xmlns=\"http://www.w3.org/2005/Atom\""));
	/* XML allows only one language. */
	if (lang.len > 0 && str_find(lang, ',') == lang.len) {
		buf_add(out, STR(" xml:lang=\""));
		add_escaped(out, lang);
		buf_char(out, '"');
	}
	buf_add(out, STR(">\n"));
	buf_add(out, STR("<id>"));
	add_escaped(out, page->base);
	buf_add(out, STR("</id>\n"));
	add_element(out, "title", page->title);
	add_link(out, "self", page->base, STR("?atom"));
	add_link(out, "alternate", page->base, STR(""));
	buf_add(out, STR("<author>"));
	add_element(out, "name", site_title(page->site));
	buf_add(out, STR("</author>\n"));
}

static bool
starts_blank(struct str text)
{
	return text.len == 0 || text.at[0] == ' ' || text.at[0] == '\t';
}

/*
 * The label after the date, or the date if there is no more. A separator is
 * followed by a space: in "--help", "-1" or ":wq" it belongs to the title.
 */
static struct str
entry_title(struct str label)
{
	static const struct str separators[] = { STR_INIT("-"), STR_INIT(":"),
		STR_INIT("\xe2\x80\x93"), STR_INIT("\xe2\x80\x94") };
	struct str title = str_trim_start(str_tail(label, DATE_LEN));

	for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
		if (str_starts(title, separators[i]) &&
		    starts_blank(str_tail(title, separators[i].len))) {
			title =
			    str_trim_start(str_tail(title, separators[i].len));
			break;
		}
	return title.len > 0 ? title : str_head(label, DATE_LEN);
}

static void
add_entry(struct feed *feed, const struct gemtext_line *line, struct buf *out)
{
	struct str date = str_head(line->text, DATE_LEN);
	struct str url;

	arena_reset(&feed->scratch);
	if (line->url.len > URL_MAX ||
	    uri_resolve(&feed->scratch, feed->page.base, line->url, &url) ==
		-1 ||
	    url.len > URL_MAX ||
	    gopherlink_refuses(str_head(url, str_find(url, ':'))))
		return;
	if (memcmp(date.at, feed->newest, DATE_LEN) > 0)
		memcpy(feed->newest, date.at, DATE_LEN);
	buf_add(out, STR("<entry>\n<id>"));
	add_escaped(out, url);
	buf_add(out, STR("</id>\n"));
	add_element(out, "title", entry_title(line->text));
	add_updated(out, date);
	add_link(out, "alternate", url, STR(""));
	buf_add(out, STR("</entry>\n"));
}

/* Last, when all dates are known: the order is free (section 4.1.1). */
static void
add_end(const struct feed *feed, struct buf *out)
{
	struct str newest = { feed->newest, DATE_LEN };

	if (newest.at[0] == '\0')
		newest = STR("1970-01-01");
	add_updated(out, newest);
	buf_add(out, STR("</feed>\n"));
}

struct feed *
feed_open(struct arena *arena, const struct feed_page *page)
{
	struct feed *feed = arena_alloc(arena, sizeof *feed);

	if (feed == NULL)
		return NULL;
	feed->page = *page;
	if (feed->page.title.len == 0)
		feed->page.title = page->base;
	feed->lines = (struct lines){ .read = page->read,
		.context = page->context,
		.longest = PART,
		.turn = READS_A_TURN };
	if (lines_open(&feed->lines, arena) == -1)
		return NULL;
	arena_init(&feed->scratch, SCRATCH);
	return feed;
}

void
feed_release(struct feed *feed)
{
	arena_release(&feed->scratch);
}

/* Reads to the next entry, or the end of the turn; -1 with errno set. */
static int
next_entry(struct feed *feed, struct buf *out)
{
	struct lines_part part;

	for (int i = 0; i < LINES_A_TURN && out->len == 0; i++) {
		struct gemtext_line line;
		int got = lines_next(&feed->lines, &part);

		if (got == 0) {
			add_end(feed, out);
			feed->stage = STAGE_END;
		}
		if (got != 1)
			return got == -1 ? -1 : 0;
		if (!part.first)
			continue;
		line = gemtext_read(part.text, &feed->preformatted);
		if (feed_is_entry(&line))
			add_entry(feed, &line, out);
	}
	return 0;
}

/* Writes the next piece; -1 with errno set on a failure. */
static int
next_piece(struct feed *feed)
{
	struct buf out = buf_over(feed->text, sizeof feed->text);

	switch (feed->stage) {
	case STAGE_HEAD:
		add_head(feed, &out);
		feed->stage = STAGE_ENTRIES;
		break;
	case STAGE_ENTRIES:
		if (next_entry(feed, &out) == -1)
			return -1;
		break;
	case STAGE_END: break;
	}
	feed->piece = buf_str(&out);
	return 0;
}

ssize_t
feed_read(struct feed *feed, char *at, size_t room, bool *ended)
{
	struct buf out = buf_over(at, room);

	lines_turn(&feed->lines);
	while (out.len < room) {
		size_t len = buf_room(&out);

		if (feed->piece.len == 0) {
			if (feed->stage == STAGE_END)
				break;
			if (next_piece(feed) == -1)
				return out.len > 0 ? (ssize_t)out.len : -1;
			if (feed->piece.len == 0)
				break;
		}
		if (len > feed->piece.len)
			len = feed->piece.len;
		buf_add(&out, str_head(feed->piece, len));
		feed->piece = str_tail(feed->piece, len);
	}
	*ended = feed->stage == STAGE_END && feed->piece.len == 0;
	return (ssize_t)out.len;
}
