/*
 * Parses, resolves and encodes URIs (RFC 3986) with uriparser, and their paths.
 */
#include "text/uri.h"

#include <string.h>
#include <unistr.h>
#include <uriparser/Uri.h>

#include "text/hex.h"

/* Far more than the protocols allow, and well within uriparser's int. */
#define URI_LONGEST ((size_t)65536)

/* An arena as uriparser's memory manager; must not move after its setup. */
struct memory {
	UriMemoryManager whole, backend;
};

static void *
memory_take(UriMemoryManager *backend, size_t size)
{
	return arena_alloc(backend->userData, size);
}

static void
memory_leave(UriMemoryManager *backend, void *at)
{
	(void)backend;
	(void)at;
}

static int
memory_init(struct memory *memory, struct arena *arena)
{
	memory->backend = (UriMemoryManager){
		.malloc = memory_take,
		.free = memory_leave,
		.userData = arena,
	};
	if (uriCompleteMemoryManager(&memory->whole, &memory->backend) !=
	    URI_SUCCESS)
		return -1;
	return 0;
}

static bool
is_ascii(char c)
{
	return (c & 0x80) == 0;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static bool
is_path(char c)
{
	return is_unreserved(c) || (c != '\0' && strchr("!$&'()*+,;=:@/", c));
}

/* Not a raw space, which clients send although no path may have it. */
static bool
is_raw_path(char c)
{
	return c != ' ';
}

/* Not printable ASCII that no query may have. */
static bool
is_raw_query(char c)
{
	return is_path(c) || c < ' ' || c > '~' || strchr("?#%", c) != NULL;
}

static bool
is_uri(char c)
{
	return is_path(c) || (c != '\0' && strchr("?#[]%", c));
}

/* Appends `s`, percent-encoded except for the bytes that are `plain`. */
static void
encode(struct buf *out, struct str s, bool (*plain)(char))
{
	static const char digits[] = "0123456789ABCDEF";

	while (s.len > 0) {
		size_t run = 0;
		unsigned char byte;

		while (run < s.len && plain(s.at[run]))
			run++;
		buf_add(out, str_head(s, run));
		s = str_tail(s, run);
		if (s.len == 0)
			break;
		byte = (unsigned char)s.at[0];
		buf_add(out,
		    (struct str){
			(char[]){ '%', digits[byte >> 4], digits[byte & 15] },
			3 });
		s = str_tail(s, 1);
	}
}

static bool
is_all(struct str s, bool (*plain)(char))
{
	for (size_t i = 0; i < s.len; i++)
		if (!plain(s.at[i]))
			return false;
	return true;
}

/* Copies `s`, percent-encoded except for the bytes that are `plain`. */
static int
encoded(struct arena *arena, struct str s, bool (*plain)(char), struct str *out)
{
	struct buf buf;
	size_t len = s.len;

	for (size_t i = 0; i < s.len; i++)
		len += plain(s.at[i]) ? 0 : 2;
	*out = s;
	if (len == s.len)
		return 0;
	buf = buf_in(arena, len);
	encode(&buf, s, plain);
	*out = buf_str(&buf);
	return buf.overflow ? -1 : 0;
}

void
uri_encode(struct buf *out, struct str s)
{
	encode(out, s, is_path);
}

void
uri_decode(struct buf *out, struct str s)
{
	while (s.len > 0) {
		size_t run = str_find(s, '%');
		int high = s.len > run + 2 ? hex_value(s.at[run + 1]) : -1;
		int low = s.len > run + 2 ? hex_value(s.at[run + 2]) : -1;

		if (high >= 0 && low >= 0) {
			buf_add(out, str_head(s, run));
			buf_char(out, (char)(high << 4 | low));
			s = str_tail(s, run + 3);
		} else {
			run += run < s.len ? 1 : 0;
			buf_add(out, str_head(s, run));
			s = str_tail(s, run);
		}
	}
}

int
uri_mend(struct arena *arena, struct str raw, struct str *out)
{
	size_t query = str_find(raw, '?');
	struct str authority = str_head(raw, query);
	struct buf buf;
	size_t path;

	*out = raw;
	if (str_find(str_head(raw, query), ' ') == query &&
	    is_all(str_tail(raw, query), is_raw_query))
		return 0;
	buf = buf_in(arena, 3 * raw.len);
	(void)str_cut(&authority, '/');
	(void)str_cut(&authority, '/');
	path = query - str_tail(authority, str_find(authority, '/')).len;
	buf_add(&buf, str_head(raw, path));
	encode(&buf, str_tail(str_head(raw, query), path), is_raw_path);
	encode(&buf, str_tail(raw, query), is_raw_query);
	*out = buf_str(&buf);
	return buf.overflow ? -1 : 0;
}

static int
parse(struct memory *memory, struct str text, UriUriA *out)
{
	const char *at = text.len > 0 ? text.at : "";

	if (text.len > URI_LONGEST ||
	    uriParseSingleUriExMmA(
		out, at, at + text.len, NULL, &memory->whole) != URI_SUCCESS)
		return -1;
	return 0;
}

/*
 * An empty range may point anywhere, even to a constant of uriparser.  NULL
 * means that the part is missing.
 */
static struct str
part(UriTextRangeA range, bool *has)
{
	*has = range.first != NULL;
	if (range.first == range.afterLast)
		return (struct str){ 0 };
	return (
	    struct str){ range.first, (size_t)(range.afterLast - range.first) };
}

/* The length of a part and its delimiter. */
static size_t
length(struct str s, bool has)
{
	return has ? s.len + 1 : 0;
}

/* The bytes of `raw` that the first `len` encoded bytes stand for. */
static size_t
raw_length(struct str raw, size_t len)
{
	size_t n = 0;

	while (len > 0 && n < raw.len)
		len -= is_ascii(raw.at[n++]) ? 1 : 3;
	return n;
}

/* Percent-encodes the bytes of `raw` that are not ASCII. */
static int
ascii_of(struct arena *arena, struct str raw, struct str *out)
{
	*out = raw;
	if (str_is_ascii(raw))
		return 0;
	if (encoded(arena, raw, is_ascii, out) == -1 ||
	    u8_check((const uint8_t *)raw.at, raw.len) != NULL ||
	    memmem(raw.at, raw.len, "\xef\xbb\xbf", 3) != NULL)
		return -1;
	return 0;
}

/*
 * uriparser returns the path in pieces, and the host in encoded form: find both
 * by the lengths of the other parts.
 */
static void
split(struct str raw, struct str text, bool ip6, struct uri *uri)
{
	size_t before = length(uri->scheme, uri->scheme.len > 0) +
	    (uri->has_authority ? 2 : 0) +
	    length(uri->userinfo, uri->has_userinfo) + (ip6 ? 1 : 0);
	size_t host = before + uri->host.len;
	size_t after = length(uri->query, uri->has_query) +
	    length(uri->fragment, uri->has_fragment);

	if (text.len != raw.len)
		uri->host = str_tail(str_head(raw, raw_length(raw, host)),
		    raw_length(raw, before));
	before = host + (ip6 ? 1 : 0) + length(uri->port, uri->has_port);
	uri->path = str_head(str_tail(text, before), text.len - before - after);
}

int
uri_parse(struct arena *arena, struct str text, struct uri *out)
{
	struct memory memory;
	struct str ascii;
	UriUriA uri;
	bool has_scheme;

	if (memory_init(&memory, arena) == -1 ||
	    ascii_of(arena, text, &ascii) == -1 ||
	    parse(&memory, ascii, &uri) == -1)
		return -1;
	out->scheme = part(uri.scheme, &has_scheme);
	out->userinfo = part(uri.userInfo, &out->has_userinfo);
	out->host = part(uri.hostText, &out->has_authority);
	out->port = part(uri.portText, &out->has_port);
	out->query = part(uri.query, &out->has_query);
	out->fragment = part(uri.fragment, &out->has_fragment);
	out->host_is_address =
	    uri.hostData.ip4 != NULL || uri.hostData.ip6 != NULL;
	/* "[v1.name]" must not become a name. */
	if (uri.hostData.ipFuture.first != NULL)
		out->host = (struct str){ out->host.at - 1, out->host.len + 2 };
	split(text, ascii, uri.hostData.ip6 != NULL, out);
	return 0;
}

/* uriparser converts the escapes of a host to lower case, too. */
static void
raise_escapes(char *text)
{
	char *at = text;

	while ((at = strchr(at, '%')) != NULL) {
		for (int i = 0; i < 2; i++) {
			at++;
			if (*at >= 'a' && *at <= 'f')
				*at = (char)(*at - 'a' + 'A');
		}
	}
}

static int
compose(struct arena *arena, UriUriA *uri, struct str *out)
{
	char *at;
	int len;
	bool has_scheme;
	size_t scheme = part(uri->scheme, &has_scheme).len + 1;

	if (uriToStringCharsRequiredA(uri, &len) != URI_SUCCESS)
		return -1;
	at = arena_alloc(arena, (size_t)len + 1);
	if (at == NULL || uriToStringA(at, uri, len + 1, NULL) != URI_SUCCESS)
		return -1;
	raise_escapes(at);
	*out = str_of(at);
	/* "a:/.//b" has no host: removing the dot would make "b" one. */
	if (uri->hostText.first == NULL &&
	    str_starts(str_tail(*out, scheme), STR("//")))
		return -1;
	return 0;
}

/* Keep the written form: uriparser would write all zeros of an IPv6 address. */
static void
keep_address(UriUriA *uri)
{
	if (uri->hostData.ip6 == NULL)
		return;
	uri->hostData.ip6 = NULL;
	uri->hostData.ipFuture = uri->hostText;
}

int
uri_resolve(
    struct arena *arena, struct str base, struct str reference, struct str *out)
{
	struct memory memory;
	UriUriA from, to, target;

	if (memory_init(&memory, arena) == -1 ||
	    parse(&memory, base, &from) == -1 ||
	    encoded(arena, reference, is_uri, &reference) == -1 ||
	    parse(&memory, reference, &to) == -1)
		return -1;
	keep_address(&from);
	keep_address(&to);
	if (uriAddBaseUriExMmA(&target, &to, &from, URI_RESOLVE_STRICTLY,
		&memory.whole) != URI_SUCCESS ||
	    uriNormalizeSyntaxExMmA(&target, (unsigned)-1, &memory.whole) !=
		URI_SUCCESS)
		return -1;
	return compose(arena, &target, out);
}

/* Removes the last segment of `path`, which ends with a slash. */
static void
climb(struct buf *path)
{
	do
		path->len--;
	while (path->at[path->len - 1] != '/');
}

/* Replaces several slashes by one. */
static void
collapse(struct buf *path)
{
	size_t len = 1;

	for (size_t i = 1; i < path->len; i++) {
		if (path->at[i] != '/' || path->at[len - 1] != '/')
			path->at[len++] = path->at[i];
	}
	path->len = len;
}

enum uri_path
uri_path_decode(struct arena *arena, struct str path, struct str *out)
{
	struct buf buf = buf_in(arena, path.len + 2);
	bool last;

	if (buf.overflow)
		return URI_PATH_NO_MEMORY;
	buf_char(&buf, '/');
	if (str_starts(path, STR("/")))
		path = str_tail(path, 1);
	do {
		size_t start = buf.len;
		struct str segment;

		last = str_find(path, '/') == path.len;
		uri_decode(&buf, str_cut(&path, '/'));
		segment = str_tail(buf_str(&buf), start);
		if (str_find(segment, '/') < segment.len ||
		    str_find(segment, '\0') < segment.len)
			return URI_PATH_ENCODED;
		if (str_equals(segment, STR("."))) {
			buf.len = start;
		} else if (str_equals(segment, STR(".."))) {
			buf.len = start;
			if (start == 1)
				return URI_PATH_CLIMBS;
			climb(&buf);
		} else if (!last) {
			buf_char(&buf, '/');
		}
	} while (!last);
	/* Not earlier: ".." also removes an empty segment. */
	collapse(&buf);
	*out = buf_str(&buf);
	return URI_PATH_NORMAL;
}

size_t
uri_dots(struct str segment)
{
	size_t dots = 0;

	for (; segment.len > 0 && dots <= 2; dots++) {
		if (str_starts(segment, STR(".")))
			segment = str_tail(segment, 1);
		else if (str_starts(segment, STR("%2e")) ||
		    str_starts(segment, STR("%2E")))
			segment = str_tail(segment, 3);
		else
			return 0;
	}
	return dots <= 2 ? dots : 0;
}

bool
uri_has_parent(struct str path)
{
	while (path.len > 0)
		if (uri_dots(str_cut(&path, '/')) == 2)
			return true;
	return false;
}
