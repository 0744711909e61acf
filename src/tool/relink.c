/* Rewrites the links of pages and gophermaps when a page or folder moves. */
#include "tool/relink.h"

#include <errno.h>

#include "text/buf.h"
#include "text/gemtext.h"
#include "text/uri.h"

#define BOM STR("\xef\xbb\xbf")
#define SCRATCH ((size_t)64 << 20)
#define PORT_GOPHER 70
/* A longer line of a gophermap is text. */
#define ITEM_MAX ((size_t)1024)

/* A part of a line that is to be replaced; `new` is NULL when it stays. */
struct relink_change {
	struct str old, new;
};

void
relink_init(struct relink *move)
{
	arena_init(&move->moved.arena, SCRATCH);
	move->count = 0;
}

void
relink_release(struct relink *move)
{
	arena_release(&move->moved.arena);
}

/* Appends the relative reference to `target` on a page in `folder`. */
static void
add_relative(struct buf *out, struct str folder, struct str target)
{
	size_t same = 0, start = out->len;

	for (size_t i = 0;
	     i < folder.len && i < target.len && folder.at[i] == target.at[i];
	     i++)
		if (folder.at[i] == '/')
			same = i + 1;
	for (size_t i = same; i < folder.len; i++)
		if (folder.at[i] == '/')
			buf_add(out, STR("../"));
	target = str_tail(target, same);
	/* "a:b" would have a scheme, and an empty reference is the page. */
	if (out->len == start &&
	    (target.len == 0 || str_find(target, ':') < str_find(target, '/')))
		buf_add(out, STR("./"));
	uri_encode(out, target);
}

/* References. */

/* The length of scheme and authority as written; 0: a path. */
static size_t
origin_len(struct str reference)
{
	size_t colon = str_find(reference, ':');
	size_t at = 0;

	if (colon < str_find(reference, '/'))
		at = colon + 1;
	if (!str_starts(str_tail(reference, at), STR("//")))
		return at;
	at += 2;
	return at + str_find(str_tail(reference, at), '/');
}

static bool
is_our_gopher(struct relink *move, const struct uri *uri)
{
	unsigned long port = PORT_GOPHER;

	return str_equals_nocase(uri->scheme, STR("gopher")) &&
	    uri->host.len > 0 &&
	    (uri->port.len == 0 || str_number(uri->port, UINT16_MAX, &port)) &&
	    site_has_gopher(move->site, &move->moved.arena, uri->host, port);
}

static bool
is_our_gemini(struct relink *move, const struct uri *uri)
{
	return str_equals_nocase(uri->scheme, STR("gemini")) &&
	    uri->host.len > 0 && !uri->has_userinfo &&
	    site_has_port(move->site, uri) &&
	    site_has_name(move->site, &move->moved.arena, uri->host);
}

/* The target of a reference. */
struct relink_target {
	bool is_gopher; /* a gopher URL; `path` is that of its selector */
	struct str type; /* of a gopher URL: "/" and the item type */
	struct str path; /* decoded */
};

/* Finds the target in this capsule; false for a link to another place. */
static bool
find_target(struct relink *move, struct str base, struct str reference,
    struct relink_target *out)
{
	struct arena *arena = &move->moved.arena;
	struct str url, path;
	struct uri uri;
	struct buf selector;

	*out = (struct relink_target){ 0 };
	if (uri_resolve(arena, base, reference, &url) == -1 ||
	    uri_parse(arena, url, &uri) == -1)
		return false;
	path = uri.path;
	out->is_gopher = is_our_gopher(move, &uri);
	if (out->is_gopher && path.len > 2) {
		selector = buf_in(arena, path.len);
		out->type = str_head(path, 2);
		uri_decode(&selector, str_tail(path, 2));
		path = buf_str(&selector);
	} else if (out->is_gopher || !is_our_gemini(move, &uri)) {
		return out->is_gopher = false;
	}
	return uri_path_decode(arena, path, &out->path) == URI_PATH_NORMAL;
}

static int
write_reference(struct relink *move, struct str written,
    const struct relink_target *target, struct str *out)
{
	size_t origin = origin_len(written);
	struct str path = target->path;
	struct buf once = buf_in(&move->moved.arena, path.len * 3);
	struct buf buf = buf_in(&move->moved.arena, origin + path.len * 9 + 8);

	uri_encode(&once, path);
	buf_add(&buf, str_head(written, origin));
	buf_add(&buf, target->type);
	/* A selector is encoded, and so is the URL that has it. */
	if (target->is_gopher)
		uri_encode(&buf, buf_str(&once));
	else
		buf_add(&buf, buf_str(&once));
	*out = buf_str(&buf);
	return once.overflow || buf.overflow ? -1 : 0;
}

static int
write_relative(
    struct relink *move, struct str folder, struct str target, struct str *out)
{
	struct buf buf =
	    buf_in(&move->moved.arena, folder.len * 3 + target.len * 3 + 2);

	add_relative(&buf, folder, target);
	*out = buf_str(&buf);
	return buf.overflow ? -1 : 0;
}

/* The URLs of a page before and after the move. */
struct relink_base {
	struct str before, after;
};

/* Sets the new form of a reference's path in `change`; -1 without memory. */
static int
change_reference(struct relink *move, const struct relink_page *page,
    struct str reference, struct relink_change *change)
{
	struct relink_target target, now;
	struct relink_base base;
	struct str path;
	size_t query = str_find(reference, '?');
	struct str written = str_head(reference, str_find(reference, '#'));

	if (query < written.len)
		written.len = query;
	if (site_url(move->site, &move->moved.arena, page->before,
		&base.before) == -1 ||
	    site_url(
		move->site, &move->moved.arena, page->after, &base.after) == -1)
		return -1;
	if (written.len == 0 ||
	    !find_target(move, base.before, written, &target))
		return 0;
	if ((target.is_gopher ? relocation_selector : relocation_path)(
		&move->moved, target.path, &path) == -1)
		return -1;
	change->old = written;
	if (origin_len(written) == 0 && written.at[0] != '/')
		return find_target(move, base.after, written, &now) &&
			str_equals(now.path, path)
		    ? 0
		    : write_relative(move, relocation_folder(page->after), path,
			  &change->new);
	if (str_equals(path, target.path))
		return 0;
	target.path = path;
	return write_reference(move, written, &target, &change->new);
}

/* Selectors. */

/* Takes the next field of an item, without spaces at either end. */
static struct str
take_field(struct str *rest)
{
	return str_trim_start(str_trim_end(str_cut(rest, '\t')));
}

/* The path of a selector, relative to the folder of a map. */
static enum uri_path
decode_selector(struct relink *move, struct str folder, struct str selector,
    struct str *out)
{
	struct buf whole =
	    buf_in(&move->moved.arena, folder.len * 3 + selector.len);

	if (!str_starts(selector, STR("/")))
		uri_encode(&whole, folder);
	buf_add(&whole, selector);
	return whole.overflow
	    ? URI_PATH_NO_MEMORY
	    : uri_path_decode(&move->moved.arena, buf_str(&whole), out);
}

/* Sets the new form of a selector; `written` is its place in the line. */
static int
change_selector(struct relink *move, const struct relink_page *page,
    struct str selector, struct relink_change *change)
{
	struct str folder = relocation_folder(page->after), before, path, now;
	struct str query = str_tail(selector, str_find(selector, '?'));
	struct buf buf;

	selector.len -= query.len;
	if (decode_selector(move, relocation_folder(page->before), selector,
		&before) != URI_PATH_NORMAL)
		return 0;
	if (relocation_selector(&move->moved, before, &path) == -1)
		return -1;
	if (decode_selector(move, folder, selector, &now) == URI_PATH_NORMAL &&
	    str_equals(now, path))
		return 0;
	if (!str_starts(selector, STR("/")) && path.len > folder.len &&
	    str_starts(path, folder))
		path = str_tail(path, folder.len);
	buf = buf_in(&move->moved.arena, path.len * 3 + query.len);
	uri_encode(&buf, path);
	buf_add(&buf, query);
	change->new = buf_str(&buf);
	return buf.overflow ? -1 : 0;
}

/* Whether an item with this host and port leads to this server. */
static bool
is_own_host(struct relink *move, struct str host, struct str port)
{
	unsigned long number = PORT_GOPHER;

	(void)str_number(port, UINT16_MAX, &number);
	return host.len == 0 ||
	    site_has_gopher(move->site, &move->moved.arena, host, number);
}

/* A selector with a slash before it; empty without memory. */
static struct str
with_slash(struct relink *move, struct str selector)
{
	struct buf buf = buf_in(&move->moved.arena, selector.len + 1);

	buf_char(&buf, '/');
	buf_add(&buf, selector);
	return buf.overflow ? STR("") : buf_str(&buf);
}

/* Handles a line of a gophermap with a TAB. */
static int
change_item(struct relink *move, const struct relink_page *page,
    struct str line, struct relink_change *change)
{
	struct str rest = str_tail(line, 1);
	struct str display = str_trim_end(str_cut(&rest, '\t'));
	struct str place = rest, selector = take_field(&rest);
	struct str host = take_field(&rest), url = selector;

	change->old = selector.len > 0 ? selector : str_head(place, 0);
	if (str_starts(url, STR("/URL:")))
		url = str_tail(url, 1);
	if (str_starts(url, STR("URL:")))
		return change_reference(move, page, str_tail(url, 4), change);
	if (line.at[0] == 'i' || line.at[0] == '3' ||
	    !is_own_host(move, host, take_field(&rest)))
		return 0;
	/* A selector that is missing equals the display text. */
	if (selector.len == 0)
		selector = host.len == 0 ? display : STR("/");
	else if (host.len > 0 && !str_starts(selector, STR("/")) &&
	    (selector = with_slash(move, selector)).len == 0)
		return -1;
	return change_selector(move, page, selector, change);
}

/* Texts. */

/* A text that is being written. */
struct relink_text {
	struct relink *move;
	const struct relink_page *page;
	struct sink *out;
};

typedef int change_rule(struct relink *move, const struct relink_page *page,
    struct str part, struct relink_change *change);

static int
put(struct sink *out, struct str bytes)
{
	return out->write(out, bytes);
}

/* Writes a line, changed by the rule for a part of it. */
static int
put_changed(const struct relink_text *text, struct str line, struct str part,
    change_rule *rule)
{
	struct relink_change change = { 0 };
	size_t at;

	arena_reset(&text->move->moved.arena);
	if (rule(text->move, text->page, part, &change) == -1 ||
	    text->move->moved.arena.starved) {
		errno = ENOMEM;
		return -1;
	}
	if (change.new.at == NULL)
		return put(text->out, line);
	text->move->count++;
	at = (size_t)(change.old.at - line.at);
	return put(text->out, str_head(line, at)) == -1 ||
		put(text->out, change.new) == -1
	    ? -1
	    : put(text->out, str_tail(line, at + change.old.len));
}

/* Takes the next line, with its LF, and writes a byte order mark before it. */
static int
take_line(const struct relink_text *text, struct str *rest, struct str *line)
{
	if (rest->at == text->page->text.at && str_starts(*rest, BOM)) {
		*rest = str_tail(*rest, BOM.len);
		if (put(text->out, BOM) == -1)
			return -1;
	}
	*line = *rest;
	(void)str_cut(rest, '\n');
	line->len -= rest->len;
	return 0;
}

static struct str
without_end(struct str line)
{
	return str_ends(line, STR("\n")) ? str_head(line, line.len - 1) : line;
}

int
relink_gemtext(
    struct relink *move, const struct relink_page *page, struct sink *out)
{
	const struct relink_text text = { move, page, out };
	struct str rest = page->text, line;
	bool preformatted = false;

	while (rest.len > 0) {
		struct gemtext_line read;

		if (take_line(&text, &rest, &line) == -1)
			return -1;
		read = gemtext_read(without_end(line), &preformatted);
		if ((read.kind == GEMTEXT_LINK ? put_changed(&text, line,
						     read.url, change_reference)
					       : put(out, line)) == -1)
			return -1;
	}
	return 0;
}

static bool
is_item(struct str line)
{
	return line.len <= ITEM_MAX && str_find(line, '\t') < line.len &&
	    line.at[0] > ' ' && line.at[0] <= '~' && line.at[0] != '#' &&
	    line.at[0] != '!';
}

int
relink_gophermap(
    struct relink *move, const struct relink_page *page, struct sink *out)
{
	const struct relink_text text = { move, page, out };
	struct str rest = page->text, line;

	while (rest.len > 0) {
		struct str item;

		if (take_line(&text, &rest, &line) == -1)
			return -1;
		item = without_end(line);
		/* The map ends here. */
		if (str_equals(str_trim_end(item), STR(".")) ||
		    str_equals(str_trim_end(item), STR("*")))
			return put(out, line) == -1 ? -1 : put(out, rest);
		if ((is_item(item) ? put_changed(&text, line, item, change_item)
				   : put(out, line)) == -1)
			return -1;
	}
	return 0;
}
