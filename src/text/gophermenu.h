#ifndef TEXT_GOPHERMENU_H
#define TEXT_GOPHERMENU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/site.h"
#include "text/str.h"

/*
 * The projection of gemtext: its conversion to a Gopher menu (RFC 1436), line
 * by line.  Memory does not grow with the page.
 */
struct gophermenu;
struct gopherlink_page;

/* The smallest buffer for gophermenu_read and gophermap_read. */
#define GOPHERMENU_ROOM ((size_t)4096)

/* The column where a preformatted line is cut. */
#define GOPHERMENU_WIDEST ((size_t)200)

/* Bytes of a page's line that are read at once, including its marker. */
#define GOPHERMENU_PART ((size_t)4096)

/*
 * The source of a page: fills up to `room` bytes at `at`; returns the number of
 * bytes, 0 at the end, LINES_NOT_YET, or -1 with errno set.
 */
typedef ssize_t gophermenu_source(void *context, char *at, size_t room);

struct gophermenu_page {
	const struct site *site;
	struct str base; /* the page's canonical gemini URL */
	gophermenu_source *read;
	/*
	 * The item type of a resource of this site: its path, decoded and
	 * normal, with a final slash or without, and its query, still
	 * encoded, which may be empty.
	 */
	char (*item_type)(void *context, struct str path, struct str query);
	void *context; /* passed to the callbacks */
	/* See text/gopherlink.h; may be NULL. */
	bool (*find_other)(void *context, struct arena *arena, struct str name,
	    struct gopherlink_page *out);
};

/*
 * Begins the projection of a page.  Everything is borrowed, and the result
 * lives in the arena; NULL without memory.
 */
MUST_USE struct gophermenu *
gophermenu_open(struct arena *arena, const struct gophermenu_page *page);

/*
 * Writes the next whole lines of the menu to `at`, which has at least
 * GOPHERMENU_ROOM bytes, and sets `ended` after the final ".".  Returns the
 * number of bytes, 0 when all that was read in this turn is left out of the
 * menu, or when the source has no more yet, or -1 with errno set when the
 * source failed.
 */
MUST_USE ssize_t gophermenu_read(
    struct gophermenu *menu, char *at, size_t room, bool *ended);

/*
 * Called by item_type when it took long: the present gophermenu_read returns
 * after this line.
 */
void gophermenu_pause(struct gophermenu *menu);

/* Frees the projection's memory outside the arena. */
void gophermenu_release(struct gophermenu *menu);

/* One menu line.  An empty `host` means this site. */
struct gophermenu_item {
	char type;
	struct str display, selector, host;
	uint16_t port; /* with a host */
};

/*
 * Appends the line to `out`.  Control bytes are removed from every field (a TAB
 * in the display becomes a space), and each byte of the display that is not
 * UTF-8 becomes U+FFFD.
 */
void gophermenu_item(struct buf *out, const struct site *site,
    const struct gophermenu_item *item);

/* Appends an information line, and the error line of RFC 1436's type 3. */
void gophermenu_info(struct buf *out, struct str text);
void gophermenu_error(struct buf *out, struct str text);

#endif
