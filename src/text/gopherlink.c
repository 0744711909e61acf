/*
 * Converts gemtext links to menu items: to files of this site and of other
 * hosts, to Gopher servers, and by "URL:" to everything else.
 */
#include "text/gopherlink.h"

#include "text/buf.h"
#include "text/hostname.h"
#include "text/uri.h"

#define PORT_GOPHER 70

/* A menu line must fit into GOPHERMENU_ROOM.  A Gemini URL has 1024 bytes. */
#define URL_MAX ((size_t)2048)
/* Some servers and clients cut longer selectors. */
#define SELECTOR_MAX ((size_t)1000)

static const struct gopherlink nowhere = { .type = 'i' };

/* A "URL:" item: clients open the URL, or fetch our page with the link. */
static struct gopherlink
by_url(struct arena *arena, struct str url)
{
	struct buf selector = buf_in(arena, url.len + 4);

	buf_add(&selector, STR("URL:"));
	buf_add(&selector, url);
	if (selector.overflow)
		return nowhere;
	return (struct gopherlink){ 'h', .selector = buf_str(&selector) };
}

bool
gopherlink_refuses(struct str scheme)
{
	static const char *const refused[] = { "javascript", "data", "vbscript",
		"file", "blob", "about" };

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		if (str_equals_nocase(scheme, str_of(refused[i])))
			return true;
	}
	return false;
}

/* A link to this site; `rest` of `url` is its path and query. */
static struct gopherlink
local(struct arena *arena, const struct gopherlink_page *page, struct str url,
    struct str rest)
{
	struct gopherlink link = { 0 };
	bool has_query;
	struct str path, query, decoded;

	rest = str_head(rest, str_find(rest, '#'));
	has_query = str_find(rest, '?') < rest.len;
	link.selector = rest;
	query = rest;
	path = str_cut(&query, '?');
	if (path.len == 0) {
		struct buf root = buf_in(arena, rest.len + 1);

		buf_char(&root, '/');
		buf_add(&root, rest);
		if (root.overflow)
			return nowhere;
		link.selector = buf_str(&root);
		path = STR("/");
	}
	if (uri_path_decode(arena, path, &decoded) != URI_PATH_NORMAL)
		return nowhere;
	/* An empty query asks for the prompt, which the client has itself. */
	link.type = '7';
	if (!has_query || query.len > 0)
		link.type = page->item_type(page->context, decoded, query);
	if (query.len == 0)
		link.selector = path;
	return link.selector.len > SELECTOR_MAX ? by_url(arena, url) : link;
}

static bool
is_printable(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.at[i] < ' ' || s.at[i] == '\x7f')
			return false;
	}
	return true;
}

/* Types of links; 'i' and '3' are none. */
static bool
is_item_type(char type)
{
	return type > ' ' && type <= '~' && type != 'i' && type != '3' &&
	    type != '.';
}

/*
 * A Gopher URL's path consists of a slash, the item type and the selector (RFC
 * 4266 section 2.1); "?" has no special meaning.
 */
static struct gopherlink
native(struct arena *arena, const struct uri *uri, struct str url)
{
	struct gopherlink link = { .type = '1' };
	unsigned long port = PORT_GOPHER;
	struct buf text = buf_in(arena, uri->path.len + uri->query.len + 1);

	uri_decode(&text, uri->path);
	if (uri->has_query)
		buf_char(&text, '?');
	uri_decode(&text, uri->query);
	if (text.overflow ||
	    hostname_normal(arena, uri->host, &link.host) == -1 ||
	    uri->has_userinfo || (uri->has_query && uri->path.len == 0) ||
	    (uri->port.len > 0 && !str_number(uri->port, UINT16_MAX, &port)) ||
	    port == 0)
		return by_url(arena, url);
	link.port = (uint16_t)port;
	if (text.len > 1) {
		link.type = text.at[1];
		link.selector = str_tail(buf_str(&text), 2);
	}
	if (!is_item_type(link.type) || !is_printable(link.selector) ||
	    link.selector.len > SELECTOR_MAX)
		return by_url(arena, url);
	return link;
}

static bool
ends_origin(struct str url, size_t at)
{
	return at >= url.len || url.at[at] == '/' || url.at[at] == '?' ||
	    url.at[at] == '#';
}

/* The length of scheme and authority. */
static size_t
origin_len(struct str url)
{
	size_t at = str_find(url, ':') + 3;

	while (!ends_origin(url, at))
		at++;
	return at < url.len ? at : url.len;
}

/* A link to another host of this server; 'i' if it has to be a URL. */
static struct gopherlink
other(struct arena *arena, const struct gopherlink_page *page,
    const struct uri *uri, struct str url)
{
	struct gopherlink_page there;
	struct gopherlink link;

	if (page->find_other == NULL ||
	    !page->find_other(page->context, arena, uri->host, &there) ||
	    !site_has_port(there.site, uri))
		return nowhere;
	link = local(arena, &there, url, str_tail(url, origin_len(url)));
	if (!str_starts(link.selector, STR("/")))
		return nowhere;
	link.host = there.site->gopher_host;
	link.port = there.site->gopher_port;
	return link;
}

static struct gopherlink
absolute(
    struct arena *arena, const struct gopherlink_page *page, struct str url)
{
	struct gopherlink link;
	struct uri uri;

	if (uri_parse(arena, url, &uri) == -1 || gopherlink_refuses(uri.scheme))
		return nowhere;
	if (str_equals_nocase(uri.scheme, STR("gopher")) && uri.host.len > 0)
		return native(arena, &uri, url);
	if (!str_equals_nocase(uri.scheme, STR("gemini")) ||
	    uri.host.len == 0 || uri.has_userinfo)
		return by_url(arena, url);
	if (site_has_port(page->site, &uri) &&
	    site_has_name(page->site, arena, uri.host))
		return local(arena, page, url, str_tail(url, origin_len(url)));
	link = other(arena, page, &uri, url);
	return link.type != 'i' ? link : by_url(arena, url);
}

/* Whether resolving would leave the path unchanged. */
static bool
is_plain_path(struct str path)
{
	char before = '/';

	if (path.len == 0 || str_starts(path, STR("//")))
		return false;
	for (size_t i = 0; i < path.len; i++) {
		char c = path.at[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '/' || (c == '.' && before != '/');

		if (!plain)
			return false;
		before = c;
	}
	return true;
}

/* Most links are plain paths, which need no URL parser. */
static int
resolve(struct arena *arena, struct str base, struct str url, struct str *out)
{
	size_t keep = origin_len(base);
	struct buf target;

	if (!is_plain_path(url) || keep == base.len ||
	    str_find(base, '?') < base.len || str_find(base, '#') < base.len)
		return uri_resolve(arena, base, url, out);
	if (url.at[0] != '/') {
		keep = base.len;
		while (base.at[keep - 1] != '/')
			keep--;
	}
	target = buf_in(arena, keep + url.len);
	buf_add(&target, str_head(base, keep));
	buf_add(&target, url);
	*out = buf_str(&target);
	return target.overflow ? -1 : 0;
}

struct gopherlink
gopherlink_of(
    struct arena *arena, const struct gopherlink_page *page, struct str url)
{
	struct str target;
	size_t ours = origin_len(page->base);

	/* A fragment leads nowhere in a menu. */
	if (str_starts(url, STR("#")) || url.len > URL_MAX ||
	    resolve(arena, page->base, url, &target) == -1 ||
	    target.len > URL_MAX)
		return nowhere;
	if (str_starts(target, str_head(page->base, ours)) &&
	    ends_origin(target, ours))
		return local(arena, page, target, str_tail(target, ours));
	return absolute(arena, page, target);
}
