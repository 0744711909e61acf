#ifndef TEXT_FEED_H
#define TEXT_FEED_H

#include <stdbool.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/gemtext.h"
#include "text/lines.h"
#include "text/site.h"
#include "text/str.h"

/*
 * A page of gemtext as an Atom feed (RFC 4287): each link whose label begins
 * with a date becomes an entry, as in Gemini's subscription companion.  Memory
 * does not grow with the page.
 */
struct feed;

struct feed_page {
	const struct site *site;
	struct str base; /* the page's canonical URL */
	struct str title; /* empty: the URL is used */
	lines_source *read;
	void *context;
};

/* Whether a line is an entry. */
bool feed_is_entry(const struct gemtext_line *line);

/*
 * Whether the page, or its beginning, has an entry; sets `title` to the page's
 * title, a view of it, which may be empty.
 */
bool feed_has_entries(struct str page, struct str *title);

/*
 * Begins the feed of a page.  Everything is borrowed, and the result lives in
 * the arena; NULL without memory.
 */
MUST_USE struct feed *
feed_open(struct arena *arena, const struct feed_page *page);

/*
 * Writes the next part of the feed to `at`, and sets `ended` at the end.
 * Returns the number of bytes, 0 when a turn ended without output, or -1 with
 * errno set when the source failed.
 */
MUST_USE ssize_t feed_read(
    struct feed *feed, char *at, size_t room, bool *ended);

/* Frees its memory outside the arena. */
void feed_release(struct feed *feed);

#endif
