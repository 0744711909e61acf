#ifndef TEXT_HOSTNAME_H
#define TEXT_HOSTNAME_H

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Converts a host name to normal form, for comparison: A-labels, lower case, no
 * final dot.  `name` may have U-labels in UTF-8, raw or percent-encoded.  `out`
 * lives in the arena.  IPv4 and IPv6 literals (without brackets) are written
 * like inet_ntop does.  Returns -1 when it is not a host name (RFC 1123 section
 * 2.1, IDNA2008; underscores allowed), or without memory.
 */
MUST_USE int
hostname_normal(struct arena *arena, struct str name, struct str *out);

/* Whether `name`, in normal form, is an IPv4 or IPv6 address. */
bool hostname_is_address(struct str name);

#endif
