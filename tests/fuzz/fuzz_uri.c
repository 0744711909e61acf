/*
 * URIs, the paths in them, and where a link leads.  The input is a URI, a
 * path and a reference, whichever it turns out to be.
 */
#include <string.h>

#include "menu.h"
#include "text/gopherlink.h"
#include "text/hostname.h"
#include "text/uri.h"

#define ARENA_CAP ((size_t)8 << 20)

static bool
is_ascii(char c)
{
	return (c & 0x80) == 0;
}

/* Appends `s` as uri_parse has it: only what is not ASCII is encoded. */
static void
add_ascii(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_ascii(s.at[i]))
			buf_char(out, s.at[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)s.at[i]);
	}
}

static void
add_part(struct buf *out, bool has, const char *before, struct str part)
{
	if (!has)
		return;
	buf_add(out, str_of(before));
	add_ascii(out, part);
}

/* The parts of a URI, put together again, are the URI. */
static void
check_parts(struct arena *arena, struct str text, const struct uri *uri)
{
	struct buf got = buf_in(arena, 3 * text.len + 1);
	struct buf want = buf_in(arena, 3 * text.len + 1);
	bool bracketed = str_find(uri->host, ':') < uri->host.len &&
	    !str_starts(uri->host, STR("["));

	add_ascii(&want, text);
	add_part(&got, true, "", uri->scheme);
	add_part(&got, uri->scheme.len > 0, ":", STR(""));
	add_part(&got, uri->has_authority, "//", uri->userinfo);
	add_part(&got, uri->has_userinfo, "@", STR(""));
	add_part(&got, bracketed, "[", STR(""));
	add_part(&got, true, "", uri->host);
	add_part(&got, bracketed, "]", STR(""));
	add_part(&got, uri->has_port, ":", uri->port);
	add_part(&got, true, "", uri->path);
	add_part(&got, uri->has_query, "?", uri->query);
	add_part(&got, uri->has_fragment, "#", uri->fragment);
	CHECK(!got.overflow && !want.overflow);
	CHECK(str_equals(buf_str(&got), buf_str(&want)));
}

static void
check_host(struct arena *arena, struct str host)
{
	struct str normal, again;

	if (hostname_normal(arena, host, &normal) == -1)
		return;
	CHECK(normal.len > 0);
	CHECK(hostname_normal(arena, normal, &again) == 0);
	CHECK(str_equals(normal, again));
	for (size_t i = 0; i < normal.len; i++)
		CHECK(normal.at[i] > ' ' && normal.at[i] != '/' &&
		    normal.at[i] != '%' && is_ascii(normal.at[i]));
}

/* A resource's path has nothing left to resolve. */
static void
check_normal(struct str path)
{
	struct str rest = str_tail(path, 1);

	CHECK(path.at[0] == '/');
	CHECK(str_find(path, '\0') == path.len);
	while (rest.len > 0) {
		struct str segment = str_cut(&rest, '/');

		CHECK(segment.len > 0);
		CHECK(!str_equals(segment, STR(".")));
		CHECK(!str_equals(segment, STR("..")));
	}
}

/* Decoded, encoded and decoded again it is the same resource. */
static void
check_path(struct arena *arena, struct str text)
{
	struct str path, again;
	struct buf encoded;

	if (uri_path_decode(arena, text, &path) != URI_PATH_NORMAL)
		return;
	check_normal(path);
	encoded = buf_in(arena, 3 * path.len);
	uri_encode(&encoded, path);
	CHECK(!encoded.overflow);
	CHECK(uri_path_decode(arena, buf_str(&encoded), &again) ==
	    URI_PATH_NORMAL);
	CHECK(str_equals(path, again));
}

static void
check_encoding(struct arena *arena, struct str text)
{
	struct buf encoded = buf_in(arena, 3 * text.len + 1);
	struct buf decoded = buf_in(arena, text.len + 1);

	uri_encode(&encoded, text);
	uri_decode(&decoded, buf_str(&encoded));
	CHECK(!encoded.overflow && !decoded.overflow);
	CHECK(str_equals(buf_str(&decoded), text));
}

/* Whether a reference names a scheme or an authority of its own. */
static bool
is_asking(struct str reference)
{
	size_t colon = str_find(reference, ':');

	return str_starts(reference, STR("//")) ||
	    (colon < reference.len && colon < str_find(reference, '/') &&
		colon < str_find(reference, '?') &&
		colon < str_find(reference, '#'));
}

/* Where a reference leads is a URI, there for good, and not elsewhere. */
static void
check_resolution(struct arena *arena, struct str origin, struct str reference)
{
	struct buf base = buf_in(arena, origin.len + 16);
	struct str target, again;
	struct uri uri;

	buf_add(&base, origin);
	buf_add(&base, STR("/docs/page.gmi"));
	if (uri_resolve(arena, buf_str(&base), reference, &target) == -1)
		return;
	CHECK(uri_parse(arena, target, &uri) == 0);
	CHECK(uri.scheme.len > 0);
	CHECK(uri_resolve(arena, buf_str(&base), target, &again) == 0);
	CHECK(str_equals(target, again));
	if (is_asking(reference))
		return;
	CHECK(str_starts(target, origin));
	CHECK(str_starts(str_tail(target, origin.len), STR("/")));
}

/* A link leads where its target does, however it is written. */
static void
check_link(struct arena *arena, struct str reference)
{
	struct site site = menu_site(67, false);
	struct gopherlink_page page = {
		.site = &site, .base = MENU_BASE, .item_type = menu_item_type
	};
	struct gopherlink link = gopherlink_of(arena, &page, reference), same;
	struct str target;

	CHECK(link.type > ' ' && link.type <= '~');
	menu_check_field(link.selector);
	menu_check_field(link.host);
	if (str_starts(reference, STR("#")) || reference.len > 1024 ||
	    uri_resolve(arena, page.base, reference, &target) == -1 ||
	    target.len > 1024)
		return;
	same = gopherlink_of(arena, &page, target);
	CHECK(link.type == same.type);
	CHECK(str_equals(link.selector, same.selector));
	CHECK(str_equals(link.host, same.host));
	CHECK(link.host.len == 0 || link.port == same.port);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct arena arena;
	struct uri uri;

	arena_init(&arena, ARENA_CAP);
	if (uri_parse(&arena, text, &uri) == 0) {
		check_parts(&arena, text, &uri);
		check_host(&arena, uri.host);
		check_path(&arena, uri.path);
	}
	check_host(&arena, text);
	check_path(&arena, text);
	check_encoding(&arena, text);
	check_resolution(&arena, STR("gemini://example.org"), text);
	check_resolution(&arena, STR("gopher://[::1]:7070"), text);
	check_link(&arena, text);
	arena_release(&arena);
	return 0;
}
