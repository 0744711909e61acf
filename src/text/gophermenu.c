/*
 * Converts gemtext to a Gopher menu: lays out each kind of line in columns, and
 * resumes where the output was full.
 */
#include "text/gophermenu.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "text/gemtext.h"
#include "text/gopherlink.h"
#include "text/lines.h"
#include "text/utf8.h"
#include "text/wrap.h"

/* For uriparser's copy of the longest URL. */
#define SCRATCH ((size_t)1 << 20)
#define CLEAN_SIZE (2 * WRAP_WINDOW)

/* The work of one call, so that the caller is not blocked for long. */
#define READS_A_TURN 4
#define LINKS_A_TURN 16

#define NOWHERE STR("\tnull.host\t1\r\n")

/* The current line of gemtext. */
struct output {
	enum gemtext_kind kind;
	/* For its first menu line; the others are information. */
	char type;
	struct str selector, where;
	struct str first, rest; /* prefixes of the menu lines */
	struct str after; /* the suffix of the text */
	char rule; /* the character that underlines a heading, or 0 */
	size_t longest; /* the width of a heading in columns */
	size_t column; /* for the TABs of a preformatted line */
	struct str raw; /* not yet cleaned */
	struct str text; /* cleaned, not yet written */
	bool whole; /* `text` is everything, and fits on one line */
	bool last; /* `raw` is the end of the line */
	bool begun; /* the first menu line is written */
};

struct gophermenu {
	struct gopherlink_page page;
	struct lines lines;
	struct arena scratch; /* for one link */
	struct str ours; /* host and port, to the end of a menu line */
	bool preformatted, titled, within_line, ended;
	int links; /* in this call */
	struct lines_part part; /* the page's line */
	struct output line;
	char *clean; /* CLEAN_SIZE bytes */
};

/* Appends the fields after the selector. */
static void
add_where(struct buf *out, struct str host, uint16_t port)
{
	buf_char(out, '\t');
	for (size_t i = 0; i < host.len; i++) {
		if ((unsigned char)host.at[i] > ' ' && host.at[i] != '\x7f')
			buf_char(out, host.at[i]);
	}
	buf_char(out, '\t');
	buf_number(out, port);
	buf_add(out, STR("\r\n"));
}

static struct str
where_of(struct arena *arena, struct str host, uint16_t port)
{
	struct buf out = buf_in(arena, host.len + sizeof "\t\t65535\r\n");

	add_where(&out, host, port);
	return out.overflow ? (struct str){ 0 } : buf_str(&out);
}

struct gophermenu *
gophermenu_open(struct arena *arena, const struct gophermenu_page *page)
{
	const struct site *site = page->site;
	struct gophermenu *menu = arena_alloc(arena, sizeof *menu);

	assert(site->width >= 4 && site->width <= GOPHERMENU_WIDEST);
	if (menu == NULL)
		return NULL;
	menu->page = (struct gopherlink_page){ page->site, page->base,
		page->item_type, page->context, page->find_other };
	menu->lines = (struct lines){ .read = page->read,
		.context = page->context,
		.longest = GOPHERMENU_PART,
		.turn = READS_A_TURN };
	menu->ours = where_of(arena, site->gopher_host, site->gopher_port);
	menu->clean = arena_buffer(arena, CLEAN_SIZE);
	if (menu->ours.len == 0 || menu->clean == NULL ||
	    lines_open(&menu->lines, arena) == -1)
		return NULL;
	arena_init(&menu->scratch, SCRATCH);
	return menu;
}

void
gophermenu_release(struct gophermenu *menu)
{
	arena_release(&menu->scratch);
}

static void
begin_link(struct gophermenu *menu, const struct gemtext_line *line)
{
	struct output *out = &menu->line;
	struct gopherlink link;

	menu->links++;
	arena_reset(&menu->scratch);
	link = gopherlink_of(&menu->scratch, &menu->page, line->url);
	out->raw = line->text.len > 0 ? line->text : line->url;
	out->rest = STR("  ");
	out->where = menu->ours;
	if (link.host.len > 0)
		out->where = where_of(&menu->scratch, link.host, link.port);
	if (link.type == 'i' || out->where.len == 0) {
		out->where = NOWHERE;
		return;
	}
	out->type = link.type;
	out->selector = link.selector;
}

static void
begin_heading(struct gophermenu *menu, const struct gemtext_line *line)
{
	if (line->text.len == 0)
		return;
	menu->line.rule = "=-~"[line->level - 1];
	if (line->level == 1 && !menu->titled) {
		menu->line.selector = STR("TITLE");
		menu->titled = true;
	}
}

/* Begins a line of the page; false when it is not shown. */
static bool
begin_line(struct gophermenu *menu, const struct lines_part *part)
{
	struct output *out = &menu->line;
	struct gemtext_line line =
	    gemtext_read(part->text, &menu->preformatted);

	/* The spaces at the end of a part separate two words. */
	if (!part->last && line.text.len > 0)
		line.text = str_tail(
		    part->text, (size_t)(line.text.at - part->text.at));
	*out = (struct output){ .kind = line.kind,
		.type = 'i',
		.where = NOWHERE,
		.raw = line.text,
		.last = part->last };
	switch (line.kind) {
	case GEMTEXT_TEXT:
	case GEMTEXT_PREFORMATTED: break;
	case GEMTEXT_LINK: begin_link(menu, &line); break;
	case GEMTEXT_HEADING: begin_heading(menu, &line); break;
	case GEMTEXT_ITEM:
		out->first = STR("* ");
		out->rest = STR("  ");
		break;
	case GEMTEXT_QUOTE: out->first = out->rest = STR("> "); break;
	case GEMTEXT_TOGGLE:
		out->first = STR("[");
		out->rest = STR(" ");
		out->after = STR("]");
		return menu->page.site->alt_text && menu->preformatted &&
		    line.text.len > 0;
	}
	return true;
}

static size_t
columns(const struct gophermenu *menu)
{
	const struct output *line = &menu->line;

	if (line->kind == GEMTEXT_PREFORMATTED)
		return GOPHERMENU_WIDEST;
	return menu->page.site->width -
	    (line->begun ? line->rest.len : line->first.len);
}

/* Most lines are ASCII, need no copy, and often fit on one line. */
static void
take_plain(struct gophermenu *menu)
{
	struct output *line = &menu->line;

	if (!line->last || line->after.len > 0 ||
	    wrap_plain(line->raw) < line->raw.len)
		return;
	line->text = line->raw;
	line->raw = (struct str){ 0 };
	line->whole = line->text.len <= columns(menu);
}

static bool
is_all_clean(const struct output *line)
{
	return line->last && line->raw.len == 0 && line->after.len == 0;
}

/* Cleans enough text to choose the next break. */
static int
clean_more(struct gophermenu *menu)
{
	struct output *line = &menu->line;
	bool is_shape = line->kind == GEMTEXT_PREFORMATTED;

	while (line->text.len < WRAP_WINDOW && !is_all_clean(line)) {
		struct buf out = buf_over(menu->clean, CLEAN_SIZE);
		struct lines_part part;

		if (line->raw.len == 0 && !line->last) {
			if (lines_next(&menu->lines, &part) != 1)
				return -1;
			line->raw = part.text;
			line->last = part.last;
		}
		if (line->text.len > 0)
			memmove(out.at, line->text.at, line->text.len);
		out.len = line->text.len;
		out.cap -= line->after.len;
		wrap_clean(&out, &line->raw, is_shape ? &line->column : NULL);
		out.cap += line->after.len;
		if (line->last && line->raw.len == 0) {
			buf_add(&out, line->after);
			line->after = (struct str){ 0 };
		}
		line->text = buf_str(&out);
	}
	return 0;
}

/* Drops the spaces at a break; false when there are none. */
static bool
drop_spaces(struct output *line)
{
	size_t len = line->text.len;

	while (line->text.len > 0 && line->text.at[0] == ' ')
		line->text = str_tail(line->text, 1);
	return line->text.len < len;
}

/* Prepares the text for the next piece. */
static int
prepare(struct gophermenu *menu)
{
	struct output *line = &menu->line;

	do {
		if (clean_more(menu) == -1)
			return -1;
	} while (line->begun && line->kind != GEMTEXT_PREFORMATTED &&
	    drop_spaces(line));
	return 0;
}

static struct wrap_piece
next_piece(const struct gophermenu *menu)
{
	const struct output *line = &menu->line;

	if (line->whole)
		return (struct wrap_piece){ line->text, line->text.len };
	if (line->kind == GEMTEXT_PREFORMATTED)
		return wrap_cut(line->text, columns(menu));
	return wrap_next(line->text, columns(menu));
}

/* Copies `text`, which fits, to `at`; returns the end of the copy. */
static char *
copy(char *at, struct str text)
{
	if (text.len > 0)
		memcpy(at, text.at, text.len);
	return at + text.len;
}

/* Appends a whole menu line, or nothing when it does not fit. */
static bool
put(struct buf *out, const struct output *line, struct str before,
    struct str text)
{
	size_t len =
	    2 + before.len + text.len + line->selector.len + line->where.len;
	char *at = out->at + out->len;

	if (len > buf_room(out))
		return false;
	*at++ = line->type;
	at = copy(at, before);
	at = copy(at, text);
	*at++ = '\t';
	at = copy(at, line->selector);
	copy(at, line->where);
	out->len += len;
	return true;
}

static bool
put_piece(struct output *line, struct str text, struct buf *out)
{
	struct str before = line->begun ? line->rest : line->first;

	if (!put(out, line, text.len > 0 ? before : str_trim_end(before), text))
		return false;
	if (line->rule != 0) {
		size_t wide = line->whole ? text.len : wrap_columns(text);

		if (wide > line->longest)
			line->longest = wide;
	}
	line->type = 'i';
	line->selector = (struct str){ 0 };
	line->where = NOWHERE;
	line->begun = true;
	return true;
}

static bool
put_rule(const struct output *line, struct buf *out)
{
	char rule[GOPHERMENU_WIDEST];

	if (line->rule == 0 || line->longest == 0)
		return true;
	memset(rule, line->rule, line->longest);
	return put(out, line, STR(""), (struct str){ rule, line->longest });
}

/* Writes the rest of the line; false when it does not fit. */
static bool
write_line(struct gophermenu *menu, struct buf *out)
{
	struct output *line = &menu->line;

	for (;;) {
		struct wrap_piece piece;

		if (prepare(menu) == -1)
			return false;
		if (line->begun && line->text.len == 0)
			break;
		piece = next_piece(menu);
		if (!put_piece(line, piece.text, out))
			return false;
		line->text = str_tail(line->text, piece.taken);
	}
	return put_rule(line, out);
}

/* Begins the page's next line; false when there is none yet. */
static bool
next_line(struct gophermenu *menu, struct buf *out)
{
	struct lines_part *part = &menu->part;
	int got = lines_next(&menu->lines, part);

	if (got == 1 && part->first) {
		menu->within_line = begin_line(menu, part);
		if (menu->within_line)
			take_plain(menu);
	}
	if (got == 0 && buf_room(out) >= 3) {
		buf_add(out, STR(".\r\n"));
		menu->ended = true;
	}
	/* Without memory for a link, fail: it must not look like text. */
	return got == 1 && !menu->scratch.starved;
}

ssize_t
gophermenu_read(struct gophermenu *menu, char *at, size_t room, bool *ended)
{
	struct buf out = buf_over(at, room);
	bool went_on = true;

	assert(room >= GOPHERMENU_ROOM);
	if (menu->scratch.starved) {
		errno = ENOMEM;
		return -1;
	}
	lines_turn(&menu->lines);
	menu->links = 0;
	while (went_on && !menu->ended &&
	    (menu->within_line || menu->links < LINKS_A_TURN)) {
		if (!menu->within_line)
			went_on = next_line(menu, &out);
		else if (write_line(menu, &out))
			menu->within_line = false;
		else
			went_on = false;
	}
	*ended = menu->ended;
	if (out.len > 0 || menu->lines.error == 0)
		return (ssize_t)out.len;
	errno = menu->lines.error;
	return -1;
}

void
gophermenu_pause(struct gophermenu *menu)
{
	menu->links = LINKS_A_TURN;
}

void
gophermenu_item(struct buf *out, const struct site *site,
    const struct gophermenu_item *item)
{
	size_t len = out->len;
	bool ours = item->host.len == 0;

	buf_char(out, item->type);
	utf8_clean(out, item->display);
	buf_char(out, '\t');
	for (size_t i = 0; i < item->selector.len; i++) {
		char c = item->selector.at[i];

		if ((unsigned char)c >= ' ' && c != '\x7f')
			buf_char(out, c);
	}
	add_where(out, ours ? site->gopher_host : item->host,
	    ours ? site->gopher_port : item->port);
	if (out->overflow)
		out->len = len;
}

void
gophermenu_info(struct buf *out, struct str text)
{
	gophermenu_item(out, NULL,
	    &(struct gophermenu_item){ .type = 'i',
		.display = text,
		.host = STR("null.host"),
		.port = 1 });
}

void
gophermenu_error(struct buf *out, struct str text)
{
	gophermenu_item(out, NULL,
	    &(struct gophermenu_item){ .type = '3',
		.display = text,
		.host = STR("error.host"),
		.port = 1 });
}
