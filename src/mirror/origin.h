#ifndef MIRROR_ORIGIN_H
#define MIRROR_ORIGIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/net.h"
#include "sys/sha256.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

#define ORIGIN_ADDRESSES 8

/* The longest URL or selector that is asked for, as servers take it. */
#define ORIGIN_REQUEST_MAX 1024

struct tlsclient_context;

/*
 * The server that is mirrored, and what of it: everything beneath `base`.
 */
struct origin {
	bool is_gopher;
	char host[256]; /* normal form */
	bool host_is_address;
	uint16_t port;
	char name[300]; /* "example.org:1965", an IPv6 address in brackets */
	char root[320]; /* "gemini://example.org:1965", no port when usual */
	char base[ORIGIN_REQUEST_MAX]; /* encoded path, "/" or "/~user/" */
	struct net_address addresses[ORIGIN_ADDRESSES];
	size_t address_count, working; /* which of them to use */
	bool reached; /* it has answered */
	struct tlsclient_context *tls; /* Gemini */
	char known_hosts[PATH_MAX];
	bool pinned;
	unsigned char pin[SHA256_SIZE];
	/* What makes it useless to go on; empty: nothing. */
	char error[2048];
};

enum origin_open {
	ORIGIN_OK,
	ORIGIN_FAILED,
	ORIGIN_NO_URL
};

/*
 * Takes a URL apart, looks its host up and finds its key among the known;
 * `known_hosts` is as for pins_path.  On ORIGIN_FAILED and ORIGIN_NO_URL
 * `error` says why.  To be released in any case.
 */
MUST_USE enum origin_open
origin_open(struct origin *origin, const char *url, const char *known_hosts);
void origin_release(struct origin *origin);

/*
 * Whether the server may go on that has this key: the first one is noted, a
 * changed one is refused with -1, and `error` says what to do.
 */
MUST_USE int
origin_trust(struct origin *origin, const unsigned char key[SHA256_SIZE]);

/*
 * Appends what is asked for to get the file of that path, relative to the
 * base and decoded: a URL, or a selector.
 */
void
origin_request(const struct origin *origin, struct buf *out, struct str path);

/*
 * Resolves a link of Gemini against the URL of its page.  Returns 1 and the
 * URL, in the form of requests and without fragment, when it leads to this
 * server, 0 when it leads elsewhere or nowhere.
 */
int origin_resolve(const struct origin *origin, struct arena *arena,
    struct str base, struct str reference, struct str *out);

/*
 * The other way: the path of a request, relative to the base and decoded,
 * with a final slash where a folder is meant ("" is the base); without query.
 * `request` is absolute, in normal form where it is a URL.  Returns -1 when
 * it lies elsewhere, or without memory.
 */
MUST_USE int origin_path(const struct origin *origin, struct arena *arena,
    struct str request, struct str *out);

#endif
