#ifndef TEXT_HOSTNAME_H
#define TEXT_HOSTNAME_H

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Brings a host name to the one form that names are compared in: A-labels,
 * lower case, no final dot.  `name` may hold U-labels in UTF-8, raw or
 * percent-encoded.  `out` lives in the arena.  IPv4 and IPv6 literals
 * (without brackets) come out as inet_ntop writes them.  Returns -1 when it
 * is no host name (RFC 1123 section 2.1, IDNA2008; underscores allowed), or
 * without memory.
 */
MUST_USE int
hostname_normal(struct arena *arena, struct str name, struct str *out);

/* Whether `name`, in normal form, is an IPv4 or IPv6 address. */
bool hostname_is_address(struct str name);

#endif
