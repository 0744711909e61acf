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
 * A gophermap, the hand-written menu of a directory, in Bucktooth's format: a
 * line with a TAB is an item (type and display, selector, host, port), any
 * other line is information.  A missing selector equals the display text, a
 * relative one is beneath the map's directory, and a missing host or port is
 * this server's.  In addition:
 *
 *	# comment       is ignored
 *	!title          sets the title of the menu
 *	*               ends the map; the directory's listing follows
 *	.               ends the map
 */
#define GOPHERMAP_NAME STR("gophermap") /* of the file */
struct gophermap;

struct gophermap_file {
	const struct site *site;
	struct str directory; /* its path, decoded: "/", "/docs/" */
	gophermenu_source *read;
	void *context;
};

/* Like gophermenu_open. */
MUST_USE struct gophermap *
gophermap_open(struct arena *arena, const struct gophermap_file *file);

/* Like gophermenu_read, but without the final "." when a listing follows. */
MUST_USE ssize_t gophermap_read(
    struct gophermap *map, char *at, size_t room, bool *ended);

/* At the end: whether the directory's listing follows. */
bool gophermap_lists(const struct gophermap *map);

#endif
