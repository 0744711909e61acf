#ifndef TEXT_SITE_H
#define TEXT_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/buf.h"
#include "text/str.h"
#include "text/uri.h"

/* A rule for the Gopher item type of a MIME type; see mime_item_type. */
struct site_type {
	struct str mime; /* "image/png", or "image" for all of them */
	char item;
};

/*
 * The public names of the capsule and its display settings, from the
 * configuration; constant while serving.
 */
struct site {
	/*
	 * In normal form, or "*." and such a name: see struct hostnames. The
	 * first without "*." is canonical.
	 */
	const struct str *names;
	size_t name_count; /* at least 1 */
	const uint16_t *gemini_ports; /* public; the first is canonical */
	size_t gemini_port_count; /* at least 1 */
	struct str gopher_host; /* the host in menu lines */
	uint16_t gopher_port;
	bool has_gopher; /* it is served over Gopher, too */
	const struct site_type *types; /* checked before the built-in rules */
	size_t type_count;
	struct str lang; /* "en" or "en,fr"; empty: unknown */
	unsigned width; /* columns of a menu line, 33 to 200 */
	bool alt_text; /* alt text of preformatted blocks is shown */
	bool strict_text; /* text with dots doubled and a final "." */
	bool listing; /* directories without a page are listed */
};

/* The canonical name; empty if all names have "*.". */
struct str site_name(const struct site *site);

/*
 * The same for texts and URLs, which need a name: instead of an empty one, the
 * end of the first name.
 */
struct str site_title(const struct site *site);

/* Whether `host`, in any form, is one of the site's names. */
bool
site_has_name(const struct site *site, struct arena *arena, struct str host);

/*
 * Whether a Gopher URL or menu item with this host, in any form, and this port
 * leads to the site.
 */
bool site_has_gopher(const struct site *site, struct arena *arena,
    struct str host, unsigned long port);

/*
 * Whether the port of `uri` is one of the site's public Gemini ports; none
 * or an empty one means 1965.
 */
bool site_has_port(const struct site *site, const struct uri *uri);

/* That port, or 0 for a URL whose port is not a number up to 65535. */
uint16_t site_port(const struct uri *uri);

/* Whether the pages are taken to be English: `lang` says so or is empty. */
bool site_is_english(const struct site *site);

/*
 * Whether `tag` is a well-formed language tag (RFC 5646, 2.1) with a first
 * subtag of two or three letters; no first subtag is longer.
 */
bool site_is_language(struct str tag);

/* Appends a host as in a URL: an IPv6 address gets brackets. */
void site_add_host(struct buf *out, struct str host);

/* The canonical URL of the resource `path`, decoded; -1 without memory. */
MUST_USE int site_url(const struct site *site, struct arena *arena,
    struct str path, struct str *out);

#endif
