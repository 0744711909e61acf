#ifndef TEXT_URI_H
#define TEXT_URI_H

#include <stdbool.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

/*
 * The parts of a URI reference (RFC 3986 section 3), as written:
 * percent-encoded, without delimiters.
 */
struct uri {
	struct str scheme; /* empty: a relative reference */
	struct str userinfo, host, port, path, query, fragment;
	bool has_authority, has_userinfo, has_port, has_query, has_fragment;
	bool host_is_address; /* an IPv4 or bracketed IPv6 literal */
};

/*
 * Takes `text` apart; the parts live in the arena or in `text`.  Bytes past
 * ASCII are accepted, if they are UTF-8, wherever "%" may stand, and come
 * out percent-encoded, but for the host, which stays as it is (Gemini
 * clients send them, though they are no URI).  An IPv6 host is given without
 * its brackets.  Returns -1 when `text` is no URI reference, which includes
 * every space, control byte, raw byte order mark, "%" that two hexadecimal
 * digits do not follow, and want of memory.
 */
MUST_USE int uri_parse(struct arena *arena, struct str text, struct uri *out);

/*
 * Percent-encodes, in an absolute URI, the ASCII that clients send raw although
 * no URI may have it: a space in the path, and printable characters in the
 * query.  `out` is `raw` when there is none, and lives in the arena otherwise.
 * -1 without memory.
 */
MUST_USE int uri_mend(struct arena *arena, struct str raw, struct str *out);

/*
 * Resolves `reference` against `base`, an absolute URI (RFC 3986 section
 * 5.2, strictly), and writes the target to `out`, which lives in the arena:
 * dot-segments removed, scheme and host in lower case, percent-encoding in
 * normal form (section 6.2.2).  `reference` comes from an author: bytes that
 * no URI may hold are percent-encoded first.  Returns -1 when that leaves
 * no URI reference, or without memory.
 */
MUST_USE int uri_resolve(struct arena *arena, struct str base,
    struct str reference, struct str *out);

enum uri_path {
	URI_PATH_NORMAL,
	URI_PATH_CLIMBS, /* ".." leads above the root */
	URI_PATH_ENCODED, /* a segment has an encoded "/" or NUL */
	URI_PATH_NO_MEMORY,
};

/*
 * Decodes a path, with or without a leading slash: segments are split first,
 * each percent-decoded once, dot-segments and empty segments removed.  `out`
 * begins with "/", and ends with one for a directory ("/", "/a/", "/a/."); it
 * lives in the arena.  An invalid escape is kept as it is: gopher selectors
 * need not be encoded.
 */
MUST_USE enum uri_path
uri_path_decode(struct arena *arena, struct str path, struct str *out);

/*
 * The number of dots of a dot-segment, in any encoding (RFC 3986 section 3.3):
 * 1 for ".", 2 for "..", else 0.
 */
size_t uri_dots(struct str segment);

/* Whether a path, still encoded, has a segment "..". */
bool uri_has_parent(struct str path);

/*
 * Appends `s`, percent-encoding all bytes that a path must not have: all but
 * unreserved, sub-delims and ":@/" (RFC 3986 section 3.3).
 */
void uri_encode(struct buf *out, struct str s);

/* Appends `s`, percent-decoded; an invalid escape is kept as it is. */
void uri_decode(struct buf *out, struct str s);

#endif
