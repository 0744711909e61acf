#ifndef TEXT_FEED_H
#define TEXT_FEED_H

#include <stdbool.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/lines.h"
#include "text/site.h"
#include "text/str.h"

/*
 * A page of gemtext as a feed in Atom (RFC 4287): each link whose label
 * begins with a date, as Gemini's subscription companion has it, becomes an
 * entry.  Entry by entry, in memory that does not grow with the page.
 */
struct feed;

struct feed_page {
	const struct site *site;
	struct str base; /* the page's canonical URL */
	struct str title; /* empty: its URL is one */
	lines_source *read;
	void *context;
};

/*
 * Whether the page, or the beginning of one, has an entry; `title` is then
 * its title, a view of it, and may be empty.
 */
bool feed_has_entries(struct str page, struct str *title);

/*
 * Begins the feed of a page.  Everything is borrowed, and the result lives in
 * the arena; NULL without memory.
 */
MUST_USE struct feed *
feed_open(struct arena *arena, const struct feed_page *page);

/*
 * Writes what comes next to `at`.  Returns how many bytes, 0 at the end, or -1
 * with errno set: EAGAIN when much was read and nothing came of it yet,
 * anything else when the source failed.
 */
MUST_USE ssize_t feed_read(struct feed *feed, char *at, size_t room);

/* Frees what it holds beside the arena. */
void feed_release(struct feed *feed);

#endif
