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
	void *context; /* passed to item_type */
};

/* The menu item of a link, without its display string. */
struct gopherlink {
	char type; /* 'i': there is nowhere to go */
	struct str selector;
	struct str host; /* empty: ours */
	uint16_t port; /* with a host */
};

/*
 * Where `url`, as written on `page`, leads in Gopherspace.  Want of memory
 * makes it lead nowhere.  The result lives in the arena.
 */
struct gopherlink gopherlink_of(
    struct arena *arena, const struct gopherlink_page *page, struct str url);

/*
 * Whether no link of this scheme leads anywhere: what would run in the
 * reader's program, or read the reader's files.
 */
bool gopherlink_refuses(struct str scheme);

#endif
