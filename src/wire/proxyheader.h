#ifndef WIRE_PROXYHEADER_H
#define WIRE_PROXYHEADER_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/net.h"
#include "text/attribute.h"
#include "text/str.h"

/* The longest header: of version 2, with its TLVs; version 1 ends at 107. */
#define PROXYHEADER_MAX ((size_t)1024)

/* A parsed PROXY header. */
struct proxyheader {
	/*
	 * Whether it has addresses: a health check of the proxy has none, nor
	 * has a client that did not come over TCP.
	 */
	bool has_addresses;
	struct net_address from, to; /* the visitor, and its destination */
};

/*
 * Parses the header of the PROXY protocol, version 1 or 2, with which `bytes`
 * begin. Returns its length, 0 when more bytes are needed, or -1 when it is
 * malformed, longer than PROXYHEADER_MAX, or has a wrong CRC32C. Whether it
 * needs more depends on the bytes before the end of the header only.
 * (proxy-protocol.txt of HAProxy, 2.1 and 2.2.)
 */
MUST_USE ssize_t proxyheader_parse(struct str bytes, struct proxyheader *out);

#endif
