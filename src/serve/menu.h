#ifndef SERVE_MENU_H
#define SERVE_MENU_H

#include "serve/response.h"
#include "text/attribute.h"

/*
 * Gemtext projected to a Gopher menu, with the item types that this server
 * would answer with.  `page` is the answer with the gemtext, whose body is
 * taken.  NULL without memory.
 */
MUST_USE struct body *menu_of_gemtext(const struct server *server,
    const struct request *request, const struct response *page);

/*
 * A gophermap as a menu, the directory's listing behind it where the map
 * asks for it.  Takes `map`; NULL stands for want of memory and gives NULL.
 */
MUST_USE struct body *menu_of_gophermap(const struct server *server,
    const struct request *request, struct body *map);

#endif
