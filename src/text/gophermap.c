/* Converts gophermaps, hand-written menus in Bucktooth's format, to menus. */
#include "text/gophermap.h"

#include <assert.h>
#include <errno.h>

#include "text/lines.h"
#include "text/uri.h"

#define PORT_GOPHER 70
/* The work of one call, so that the caller is not blocked for long. */
#define READS_A_TURN 4

/* A menu line can have three times the bytes, and must fit GOPHERMENU_ROOM. */
#define LINE_LONGEST ((size_t)1024)

struct gophermap {
	const struct site *site;
	struct lines lines;
	struct str directory; /* encoded, as a selector has it */
	struct lines_part part;
	bool pending; /* `part` is still to be written */
	bool comment; /* the rest of a long line is a comment, too */
	bool stopped, lists, ended;
	char selector[GOPHERMENU_ROOM];
};

struct gophermap *
gophermap_open(struct arena *arena, const struct gophermap_file *file)
{
	struct gophermap *map = arena_alloc(arena, sizeof *map);
	struct buf directory = buf_in(arena, file->directory.len * 3 + 1);

	if (map == NULL || directory.overflow)
		return NULL;
	uri_encode(&directory, file->directory);
	/* A client may ask for a directory without its slash. */
	if (!str_ends(file->directory, STR("/")))
		buf_char(&directory, '/');
	map->site = file->site;
	map->directory = buf_str(&directory);
	map->lines = (struct lines){ .read = file->read,
		.context = file->context,
		.longest = LINE_LONGEST,
		.turn = READS_A_TURN };
	return lines_open(&map->lines, arena) == -1 ? NULL : map;
}

static bool
is_item(struct str line)
{
	return str_find(line, '\t') < line.len && line.at[0] > ' ' &&
	    line.at[0] <= '~';
}

/*
 * Appends a path to `out`, which ends with "/", without its dot-segments;
 * beyond the root is the root.
 */
static void
add_resolved(struct buf *out, struct str path)
{
	while (path.len > 0) {
		bool is_last = str_find(path, '/') == path.len;
		struct str segment = str_cut(&path, '/');
		size_t dots = uri_dots(segment);

		if (dots == 2 && out->len > 1) {
			out->len--;
			while (out->at[out->len - 1] != '/')
				out->len--;
		} else if (dots == 0 && segment.len > 0) {
			buf_add(out, segment);
			if (!is_last)
				buf_char(out, '/');
		}
	}
}

/* The absolute selector of an item on this server, which refuses "..". */
static struct str
own_selector(struct gophermap *map, struct str selector)
{
	struct buf out = buf_over(map->selector, sizeof map->selector);
	struct str path = str_head(selector, str_find(selector, '?'));
	bool is_absolute = str_starts(selector, STR("/"));

	if (str_starts(selector, STR("URL:")) ||
	    str_starts(selector, STR("/URL:")))
		return selector;
	if (uri_has_parent(path)) {
		buf_char(&out, '/');
		if (!is_absolute)
			add_resolved(&out, map->directory);
		add_resolved(&out, path);
		buf_add(&out, str_tail(selector, path.len));
	} else if (is_absolute) {
		return selector;
	} else {
		buf_add(&out, map->directory);
		buf_add(&out, selector);
	}
	return out.overflow ? selector : buf_str(&out);
}

static bool
is_own_host(const struct gophermap *map, const struct gophermenu_item *item)
{
	return str_equals_nocase(item->host, map->site->gopher_host) &&
	    item->port == map->site->gopher_port;
}

/* Takes the next field of a line, without spaces at either end. */
static struct str
field(struct str *rest)
{
	struct str text = str_cut(rest, '\t');

	return str_trim_start(str_trim_end(text));
}

/* Whether a host is empty after cleaning. */
static bool
is_blank(struct str host)
{
	for (size_t i = 0; i < host.len; i++) {
		if ((unsigned char)host.at[i] > ' ' && host.at[i] != '\x7f')
			return false;
	}
	return true;
}

static void
put_item(struct gophermap *map, struct str line, struct buf *out)
{
	struct gophermenu_item item = { .type = line.at[0] };
	unsigned long port = PORT_GOPHER;
	bool leads = item.type != 'i' && item.type != '3';
	struct str rest = str_tail(line, 1);

	item.display = str_trim_end(str_cut(&rest, '\t'));
	item.selector = field(&rest);
	item.host = field(&rest);
	if (is_blank(item.host))
		item.host = STR("");
	if (!str_number(field(&rest), UINT16_MAX, &port))
		port = PORT_GOPHER;
	item.port = (uint16_t)port;
	if (item.host.len == 0 && leads) {
		if (item.selector.len == 0)
			item.selector = item.display;
		item.selector = own_selector(map, item.selector);
	} else if (item.host.len == 0) {
		item.host =
		    item.type == 'i' ? STR("null.host") : STR("error.host");
		item.port = 1;
	} else if (leads && is_own_host(map, &item) &&
	    uri_has_parent(item.selector)) {
		item.selector = own_selector(map, item.selector);
	}
	gophermenu_item(out, map->site, &item);
}

static void
put_title(struct gophermap *map, struct str title, struct buf *out)
{
	gophermenu_item(out, map->site,
	    &(struct gophermenu_item){ .type = 'i',
		.display = title,
		.selector = STR("TITLE"),
		.host = STR("null.host"),
		.port = 1 });
}

/* Appends the menu line for a line; parts of a long line become information. */
static void
put_part(struct gophermap *map, const struct lines_part *part, struct buf *out)
{
	struct str line = str_trim_end(part->text);

	if (!part->first || !part->last)
		gophermenu_info(out, part->text);
	else if (str_starts(line, STR("!")))
		put_title(map, str_tail(line, 1), out);
	else if (is_item(part->text))
		put_item(map, part->text, out);
	else
		gophermenu_info(out, line);
}

/* Handles a comment or directive; false for other lines. */
static bool
obey(struct gophermap *map, const struct lines_part *part)
{
	struct str line = str_trim_end(part->text);

	if (part->first)
		map->comment = str_starts(line, STR("#"));
	if (part->first && part->last) {
		map->lists = str_equals(line, STR("*"));
		map->stopped = map->lists || str_equals(line, STR("."));
	}
	return map->comment || map->stopped;
}

/* Writes the current line; false when it does not fit. */
static bool
write_part(struct gophermap *map, struct buf *out)
{
	bool roomy = buf_room(out) >= GOPHERMENU_ROOM;
	struct buf line = buf_over(
	    out->at + out->len, roomy ? GOPHERMENU_ROOM : buf_room(out));

	put_part(map, &map->part, &line);
	if (line.overflow && roomy) {
		/*
		 * An item that is too long for any client: write only its text.
		 */
		line = buf_over(line.at, line.cap);
		gophermenu_info(&line, map->part.text);
	}
	out->len += line.len;
	map->pending = line.overflow;
	return !map->pending;
}

static bool
next_part(struct gophermap *map, struct buf *out)
{
	int got = map->stopped ? 0 : lines_next(&map->lines, &map->part);

	if (got == 1) {
		map->pending = !obey(map, &map->part);
		return true;
	}
	if (got != 0 || (!map->lists && buf_room(out) < 3))
		return false;
	if (!map->lists)
		buf_add(out, STR(".\r\n"));
	map->ended = true;
	return true;
}

ssize_t
gophermap_read(struct gophermap *map, char *at, size_t room, bool *ended)
{
	struct buf out = buf_over(at, room);
	bool went_on = true;

	assert(room >= GOPHERMENU_ROOM);
	lines_turn(&map->lines);
	while (went_on && !map->ended)
		went_on =
		    map->pending ? write_part(map, &out) : next_part(map, &out);
	*ended = map->ended;
	if (out.len > 0 || map->lines.error == 0)
		return (ssize_t)out.len;
	errno = map->lines.error;
	return -1;
}

bool
gophermap_lists(const struct gophermap *map)
{
	return map->lists;
}
