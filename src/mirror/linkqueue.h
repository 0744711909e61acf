#ifndef MIRROR_LINKQUEUE_H
#define MIRROR_LINKQUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "mirror/frontier.h"
#include "mirror/mirror.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/robots.h"
#include "text/str.h"

/*
 * The links that a crawl follows: those to the server's own files, each once,
 * as far as its robots.txt allows.
 */
struct linkqueue {
	struct mirror *mirror; /* borrowed */
	struct frontier frontier; /* requests that were made or will be */
	size_t forbidden; /* links that robots.txt forbids */
	/* Private. */
	struct mirror_text robots_text;
	struct robots robots;
	struct arena scratch; /* of one line */
};

/* Returns -1 without memory.  To be released in any case. */
MUST_USE int linkqueue_open(struct linkqueue *queue, struct mirror *mirror);
void linkqueue_release(struct linkqueue *queue);

/*
 * Fetches robots.txt and obeys it from now on.  Returns -1 with origin.error
 * set when the server neither sends it nor says that it has none.
 */
MUST_USE int linkqueue_read_robots(struct linkqueue *queue);

/* Whether the request has a query: its answer is not part of a copy. */
bool linkqueue_has_query(struct str request);

/*
 * Whether the request, in the form of origin_request, may be followed: it has
 * no query, and robots.txt allows it.
 */
bool linkqueue_allows(struct linkqueue *queue, struct str request);

/* Whether robots.txt allows the file that has this path in the copy. */
bool linkqueue_allows_file(struct linkqueue *queue, struct str path);

/* Stands for the item type of a link that has none: a URL. */
#define LINKQUEUE_URL '\0'

/*
 * Adds a request, `depth` links away from the first, unless it is known or not
 * allowed.  `type` is the item type of the first link to it.  Without memory
 * origin.error is set, here and below.
 */
void linkqueue_add(
    struct linkqueue *queue, struct str request, unsigned depth, char type);

/* Adds the links of a gemtext page, whose own URL is `base`. */
void linkqueue_page(
    struct linkqueue *queue, struct str base, struct str page, unsigned depth);

/* Adds the links of a Gopher menu, and appends the menu as a gophermap. */
void linkqueue_menu(
    struct linkqueue *queue, struct str menu, unsigned depth, struct buf *map);

/* Adds the links of a gophermap that linkqueue_menu has written. */
void linkqueue_map(struct linkqueue *queue, struct str map, unsigned depth);

#endif
