#ifndef TEXT_GOPHERMAP_H
#define TEXT_GOPHERMAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/gophermenu.h"
#include "text/site.h"
#include "text/str.h"

/*
 * A gophermap, the hand-written menu of a directory, in Bucktooth's form: a
 * line with a TAB is an item (type and display, selector, host, port), any
 * other is information.  A missing selector is the display text, a relative
 * one lies in the map's directory, a missing host and port are ours.  And:
 *
 *	# comment       nothing
 *	!title          the title of the menu
 *	*               ends the map and goes on with the directory's listing
 *	.               ends the map
 */
struct gophermap;

struct gophermap_file {
	const struct site *site;
	struct str directory; /* its path, decoded: "/", "/docs/" */
	gophermenu_source *read;
	void *context;
};

/* As gophermenu_open. */
MUST_USE struct gophermap *
gophermap_open(struct arena *arena, const struct gophermap_file *file);

/*
 * As gophermenu_read, but that the final "." is missing where a listing is
 * to follow.
 */
MUST_USE ssize_t gophermap_read(struct gophermap *map, char *at, size_t room);

/* After the end: whether the directory's listing follows. */
bool gophermap_lists(const struct gophermap *map);

#endif
