#ifndef TEXT_GOPHERLINK_H
#define TEXT_GOPHERLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/site.h"
#include "text/str.h"

/* The page that links stand on. */
struct gopherlink_page {
	const struct site *site;
	struct str base; /* the page's canonical gemini URL */
	/*
	 * The item type of a resource of this site: its path, decoded and
	 * normal, with a final slash or without, and its query, still
	 * encoded, which may be empty.  NUL: it would take long to find out,
	 * and gopherlink_of returns a link of that type.
	 */
	char (*item_type)(void *context, struct str path, struct str query);
	void *context; /* passed to item_type and find_other */
	/*
	 * Finds another host of this server by its name, in any form, and sets
	 * `site`, `item_type` and `context` for it; false if no host with a
	 * Gopher listener has the name.  NULL: there are no other hosts.
	 */
	bool (*find_other)(void *context, struct arena *arena, struct str name,
	    struct gopherlink_page *out);
};

/* The menu item of a link, without its display string. */
struct gopherlink {
	char type; /* 'i': no link */
	struct str selector;
	struct str host; /* empty: this server */
	uint16_t port; /* with a host */
};

/*
 * Converts `url`, a link on `page`, to a menu item.  Without memory it leads
 * nowhere.  The result lives in the arena.
 */
struct gopherlink gopherlink_of(
    struct arena *arena, const struct gopherlink_page *page, struct str url);

/*
 * Whether links of this scheme are refused, because they would run code in the
 * reader's client or read the reader's files.
 */
bool gopherlink_refuses(struct str scheme);

#endif
