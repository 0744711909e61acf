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

/* The longest URL or selector in a request; servers refuse longer ones. */
#define ORIGIN_REQUEST_MAX 1024

struct report;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct ssl_st; /* OpenSSL's SSL */

/* The server that is mirrored.  The copy is of everything beneath `base`. */
struct origin {
	bool is_gopher;
	char host[256]; /* normal form */
	bool host_is_address;
	uint16_t port;
	char name[300]; /* "example.org:1965", an IPv6 address in brackets */
	char root[320]; /* "gemini://example.org:1965", no port when usual */
	char base[ORIGIN_REQUEST_MAX]; /* encoded path, "/" or "/~user/" */
	struct net_address addresses[ORIGIN_ADDRESSES];
	size_t address_count, working; /* `working`: the one to use */
	bool reached; /* it has answered */
	/* Gopher: a selector "9/PATH" asks it for a file as it is. */
	bool knows_binary;
	struct ssl_ctx_st *tls; /* Gemini */
	char known_hosts[PATH_MAX];
	/*
	 * Whether to refuse a new key even if the known one has signed its
	 * certificate, and where a change of the key is noted; set by the
	 * caller after origin_open.
	 */
	bool is_strict;
	struct report *report;
	bool pinned;
	unsigned char pin[SHA256_SIZE];
	/* The reason to make no further request; empty: none. */
	char error[2048];
};

enum origin_open {
	ORIGIN_OK,
	ORIGIN_FAILED,
	ORIGIN_NO_URL
};

/*
 * Parses a URL, resolves its host, and looks for the server's key among the
 * known ones; `known_hosts` is as for pins_path.  On ORIGIN_FAILED and
 * ORIGIN_NO_URL `error` has the reason.  To be released in any case.
 */
MUST_USE enum origin_open
origin_open(struct origin *origin, const char *url, const char *known_hosts);
void origin_release(struct origin *origin);

/*
 * Checks the server's key, that of `tls`: the first one is recorded and
 * trusted, and so is a new one whose certificate the known key has signed,
 * unless `is_strict`.  Returns -1 for another key; then `error` has the remedy.
 */
MUST_USE int origin_trust(struct origin *origin, const struct ssl_st *tls,
    const unsigned char key[SHA256_SIZE]);

/*
 * Appends the request, a URL or a selector, for the file `path`, which is
 * relative to the base and decoded.  To servers that are known to understand
 * item types the selector begins with one.
 */
void
origin_request(const struct origin *origin, struct buf *out, struct str path);

/* The same for a path that is relative to the server's root. */
void origin_root_request(
    const struct origin *origin, struct buf *out, struct str path);

/*
 * Resolves a Gemini link against the URL of its page.  Returns 1 and the URL,
 * without fragment and in the form of origin_request, when it leads to this
 * server; otherwise 0.
 */
int origin_resolve(const struct origin *origin, struct arena *arena,
    struct str base, struct str reference, struct str *out);

/*
 * The opposite of origin_request: the path of a request, relative to the base
 * and decoded, without query; it ends with a slash if it is a folder, and "" is
 * the base.  `request` is absolute; a URL is in normal form.  Returns -1 when
 * it is outside the base, or without memory.
 */
MUST_USE int origin_path(const struct origin *origin, struct arena *arena,
    struct str request, struct str *out);

#endif
