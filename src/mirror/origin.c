/* The server that is mirrored: its URL, its key, and the form of requests. */
#include "mirror/origin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mirror/pins.h"
#include "mirror/report.h"
#include "sys/dial.h"
#include "sys/tlsclient.h"
#include "text/hex.h"
#include "text/hostname.h"
#include "text/manifest.h"
#include "text/uri.h"

#define GEMINI_PORT 1965
#define GOPHER_PORT 70

static enum origin_open
no_url(struct origin *origin, const char *format, ...) PRINTF_LIKE(2, 3);

static enum origin_open
no_url(struct origin *origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(origin->error, sizeof origin->error, format, arguments);
	va_end(arguments);
	return ORIGIN_NO_URL;
}

static int
read_port(struct origin *origin, const struct uri *uri)
{
	unsigned long port = origin->is_gopher ? GOPHER_PORT : GEMINI_PORT;

	if (uri->port.len > 0 &&
	    (!str_number(uri->port, UINT16_MAX, &port) || port == 0))
		return -1;
	origin->port = (uint16_t)port;
	return 0;
}

/*
 * Reads the base, a folder, which ends with a slash.  In a Gopher URL the first
 * character of the path is the item type (RFC 4266).
 */
static int
read_base(struct origin *origin, struct arena *arena, struct str path)
{
	struct buf base = buf_over(origin->base, sizeof origin->base - 1);
	struct str decoded;

	if (origin->is_gopher && path.len > 1) {
		if (path.at[1] != '1')
			return -1;
		path = str_tail(path, 2);
	}
	if (uri_path_decode(arena, path, &decoded) != URI_PATH_NORMAL)
		return -1;
	uri_encode(&base, decoded);
	if (!str_ends(decoded, STR("/")))
		buf_char(&base, '/');
	return base.overflow ? -1 : 0;
}

static enum origin_open
read_url(struct origin *origin, struct arena *arena, const char *text)
{
	struct uri uri;
	struct str host;
	bool six;

	if (strchr(text, ' ') != NULL)
		return no_url(origin,
		    "%.200s: a URL has no spaces; write each of them as %%20",
		    text);
	if (uri_parse(arena, str_of(text), &uri) == -1)
		return no_url(origin,
		    "%.200s: not a URL; write it as gemini://HOST/FOLDER/, "
		    "with other characters percent-encoded",
		    text);
	origin->is_gopher = str_equals_nocase(uri.scheme, STR("gopher"));
	if (!origin->is_gopher && !str_equals_nocase(uri.scheme, STR("gemini")))
		return no_url(origin,
		    "%.200s: give a URL that begins with gemini:// or "
		    "gopher://",
		    text);
	if (uri.has_userinfo || uri.has_query || uri.has_fragment ||
	    read_port(origin, &uri) == -1 ||
	    hostname_normal(arena, uri.host, &host) == -1 ||
	    host.len >= sizeof origin->host)
		return no_url(origin,
		    "%.200s: give a URL of a host and a folder, without query "
		    "or fragment",
		    text);
	if (read_base(origin, arena, uri.path) == -1)
		return no_url(origin, "%.200s: only a folder can be mirrored%s",
		    text,
		    origin->is_gopher ? ", as gopher://HOST/1/FOLDER/" : "");
	snprintf(origin->host, sizeof origin->host, "%.*s", STR_ARG(host));
	origin->host_is_address = hostname_is_address(host);
	six = strchr(origin->host, ':') != NULL;
	snprintf(origin->name, sizeof origin->name, six ? "[%s]:%u" : "%s:%u",
	    origin->host, origin->port);
	snprintf(origin->root, sizeof origin->root, "%s://%s",
	    origin->is_gopher ? "gopher" : "gemini", origin->name);
	if (origin->port == (origin->is_gopher ? GOPHER_PORT : GEMINI_PORT))
		*strrchr(origin->root, ':') = '\0';
	return ORIGIN_OK;
}

static enum origin_open
failed(struct origin *origin, const char *what, const char *why)
{
	snprintf(origin->error, sizeof origin->error, "%.1200s: %s", what, why);
	return ORIGIN_FAILED;
}

static enum origin_open
find_pin(struct origin *origin, const char *known_hosts)
{
	long found;

	if (pins_path(known_hosts, origin->known_hosts) == -1)
		return failed(origin, "known hosts",
		    "neither XDG_DATA_HOME nor HOME says where they are; name "
		    "a file with --known-hosts");
	found = pins_find(origin->known_hosts, origin->name, origin->pin);
	if (found == -1)
		return failed(origin, origin->known_hosts,
		    errno == EINVAL
			? "invalid line for this server; remove or correct it"
			: strerror(errno));
	origin->pinned = found > 0;
	origin->tls = tlsclient_context_new();
	if (origin->tls == NULL)
		return failed(origin, "TLS", "out of memory");
	return ORIGIN_OK;
}

enum origin_open
origin_open(struct origin *origin, const char *url, const char *known_hosts)
{
	struct arena arena;
	const char *error;
	enum origin_open result;

	*origin = (struct origin){ 0 };
	arena_init(&arena, (size_t)1 << 20);
	result = read_url(origin, &arena, url);
	arena_release(&arena);
	if (result != ORIGIN_OK)
		return result;
	origin->address_count = dial_resolve(
	    str_of(origin->host), origin->addresses, ORIGIN_ADDRESSES, &error);
	for (size_t i = 0; i < origin->address_count; i++)
		net_port_set(&origin->addresses[i], origin->port);
	if (origin->address_count == 0) {
		snprintf(origin->error, sizeof origin->error,
		    "%s: %s; check the URL, or try again later", origin->host,
		    error);
		return ORIGIN_FAILED;
	}
	return origin->is_gopher ? ORIGIN_OK : find_pin(origin, known_hosts);
}

void
origin_release(struct origin *origin)
{
	tlsclient_context_free(origin->tls);
	origin->tls = NULL;
}

static void
refuse(struct origin *origin, const unsigned char key[SHA256_SIZE],
    bool is_successor)
{
	char known[2 * MANIFEST_HASH + 1], shown[2 * MANIFEST_HASH + 1];
	unsigned char pin[SHA256_SIZE];

	hex_format(origin->pin, MANIFEST_HASH, known);
	hex_format(key, MANIFEST_HASH, shown);
	snprintf(origin->error, sizeof origin->error,
	    "%s: the server's key has changed; nothing was fetched or sent; "
	    "known: %s, shown: %s; %sif the owner confirms the new key, remove "
	    "line %ld of %.1000s and try again; if not, the connection may be "
	    "intercepted",
	    origin->name, known, shown,
	    is_successor ? "the known key has signed the certificate of the "
			   "new one, which is trusted without --strict-key; "
			 : "",
	    pins_find(origin->known_hosts, origin->name, pin),
	    origin->known_hosts);
}

static int
fail_pins(struct origin *origin)
{
	(void)failed(origin, origin->known_hosts,
	    errno == EBUSY ? "another process has changed the key of this "
			     "server; try again"
			   : strerror(errno));
	return -1;
}

/* Trusts the key that the known one vouches for. */
static int
follow(struct origin *origin, const unsigned char key[SHA256_SIZE])
{
	char note[512], known[2 * MANIFEST_HASH + 1];
	char shown[2 * MANIFEST_HASH + 1];

	hex_format(origin->pin, MANIFEST_HASH, known);
	hex_format(key, MANIFEST_HASH, shown);
	if (pins_replace(origin->known_hosts, origin->name, origin->pin, key) ==
	    -1)
		return fail_pins(origin);
	memcpy(origin->pin, key, SHA256_SIZE);
	snprintf(note, sizeof note,
	    "the known key, %s, has signed the certificate of the server's new "
	    "key, %s, which is trusted from now on",
	    known, shown);
	if (origin->report != NULL)
		report_note(origin->report, str_of(origin->name), note);
	return 0;
}

int
origin_trust(struct origin *origin, const struct ssl_st *tls,
    const unsigned char key[SHA256_SIZE])
{
	bool is_successor;

	if (!origin->pinned) {
		memcpy(origin->pin, key, SHA256_SIZE);
		if (pins_add(origin->known_hosts, origin->name, origin->pin) ==
		    -1)
			return fail_pins(origin);
		origin->pinned = true;
	}
	if (memcmp(origin->pin, key, SHA256_SIZE) == 0)
		return 0;
	is_successor = tlsclient_is_successor(tls, origin->pin, origin->host);
	if (is_successor && !origin->is_strict)
		return follow(origin, key);
	refuse(origin, key, is_successor);
	return -1;
}

/*
 * Over Gopher capsuled sends gemtext as a menu, and with strict_text other text
 * in the form of RFC 1436.  Item type 9 gets the bytes of a file.  Versions
 * that do not know it send the source of gemtext by item type 0.
 */
static bool
is_projected(struct str path)
{
	return str_ends(path, STR(".gmi")) || str_ends(path, STR(".gemini"));
}

static void
add_request(const struct origin *origin, struct buf *out, struct str base,
    struct str path)
{
	if (!origin->is_gopher)
		buf_add(out, str_of(origin->root));
	else if (origin->knows_binary)
		buf_char(out, '9');
	else if (is_projected(path))
		buf_char(out, '0');
	buf_add(out, base);
	uri_encode(out, path);
}

void
origin_request(const struct origin *origin, struct buf *out, struct str path)
{
	add_request(origin, out, str_of(origin->base), path);
}

void
origin_root_request(
    const struct origin *origin, struct buf *out, struct str path)
{
	add_request(origin, out, STR("/"), path);
}

int
origin_resolve(const struct origin *origin, struct arena *arena,
    struct str base, struct str reference, struct str *out)
{
	struct buf url = buf_in(arena, 2 * (size_t)ORIGIN_REQUEST_MAX);
	unsigned long port = GEMINI_PORT;
	struct str target, host;
	struct uri uri;

	if (uri_resolve(arena, base, reference, &target) == -1 ||
	    uri_parse(arena, target, &uri) == -1 ||
	    !str_equals(uri.scheme, STR("gemini")) || uri.has_userinfo ||
	    hostname_normal(arena, uri.host, &host) == -1 ||
	    !str_equals(host, str_of(origin->host)) ||
	    (uri.port.len > 0 && !str_number(uri.port, UINT16_MAX, &port)) ||
	    port != origin->port)
		return 0;
	buf_add(&url, str_of(origin->root));
	buf_add(&url, uri.path.len > 0 ? uri.path : STR("/"));
	if (uri.has_query) {
		buf_char(&url, '?');
		buf_add(&url, uri.query);
	}
	*out = buf_str(&url);
	return !url.overflow && url.len <= ORIGIN_REQUEST_MAX;
}

int
origin_path(const struct origin *origin, struct arena *arena,
    struct str request, struct str *out)
{
	struct str root = str_of(origin->root);
	struct str base;

	if (!origin->is_gopher) {
		if (!str_starts(request, root))
			return -1;
		request = str_tail(request, root.len);
		if (request.len > 0 && request.at[0] != '/' &&
		    request.at[0] != '?')
			return -1;
	}
	request = str_head(request, str_find(request, '?'));
	if (uri_path_decode(arena, request, out) != URI_PATH_NORMAL ||
	    uri_path_decode(arena, str_of(origin->base), &base) !=
		URI_PATH_NORMAL)
		return -1;
	/* "/~user" is the base, too. */
	if (out->len + 1 == base.len && str_starts(base, *out)) {
		*out = (struct str){ 0 };
		return 0;
	}
	if (!str_starts(*out, base))
		return -1;
	*out = str_tail(*out, base.len);
	return 0;
}
