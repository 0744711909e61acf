#ifndef SERVE_MENU_H
#define SERVE_MENU_H

#include "serve/response.h"
#include "text/attribute.h"

/*
 * Gemtext projected to a Gopher menu, with the item types that this server
 * would answer with.  Takes `page`; NULL stands for want of memory and
 * gives NULL.
 */
MUST_USE struct body *menu_of_gemtext(const struct server *server,
    const struct request *request, struct body *page);

/*
 * A gophermap as a menu, the directory's listing behind it where the map
 * asks for it.  Takes `map`, as above.
 */
MUST_USE struct body *menu_of_gophermap(const struct server *server,
    const struct request *request, struct body *map);

#endif
