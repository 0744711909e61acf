#ifndef SERVE_FEED_H
#define SERVE_FEED_H

#include <stdbool.h>

#include "serve/response.h"

/* The query that asks for a page's feed, and the feed's MIME type. */
#define FEED_QUERY STR("atom")
#define FEED_TYPE STR("application/atom+xml")

/*
 * Whether `path` leads to a page to subscribe to: gemtext, with a link in its
 * first 64 KiB whose label begins with a date.
 */
bool feed_is_at(const struct server *server, struct str path);

/*
 * Answers with the feed of the page that is asked for; false, and nothing
 * done, when it is not one to subscribe to.
 */
bool feed_serve(const struct server *server, const struct request *request,
    struct response *response);

#endif
