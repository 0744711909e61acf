#ifndef SERVE_MENU_H
#define SERVE_MENU_H

#include "serve/response.h"
#include "text/attribute.h"

/*
 * Replaces a body of gemtext by its projection, a Gopher menu with the item
 * types of this host, where request->form is FORM_MENU. Without memory
 * `response` becomes an error.
 */
void menu_project(const struct host *host, const struct request *request,
    struct response *response);

/*
 * A gophermap as a menu, followed by the directory's listing if the map asks
 * for it. Takes `map`; NULL, for lack of memory, gives NULL.
 */
MUST_USE struct body *menu_of_gophermap(
    const struct host *host, const struct request *request, struct body *map);

#endif
