#ifndef SYS_NETPREFIX_H
#define SYS_NETPREFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/net.h"
#include "text/attribute.h"
#include "text/str.h"

/* The addresses that begin with the same bits. */
struct netprefix {
	unsigned char bytes[16]; /* zeros after `bits` bits */
	size_t len; /* of an address: 4 or 16 bytes */
	unsigned bits;
};

/*
 * Parses "ADDR" or "ADDR/BITS", IPv4 or IPv6 without brackets; bits of ADDR
 * after the first BITS are ignored. Returns -1 on a syntax error.
 */
MUST_USE int netprefix_parse(struct str text, struct netprefix *out);

/* Whether the address has the prefix; an IPv4-mapped one counts as IPv4. */
bool netprefix_has(
    const struct netprefix *prefix, const struct net_address *address);

#endif
