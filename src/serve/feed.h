#ifndef SERVE_FEED_H
#define SERVE_FEED_H

#include <stdbool.h>

#include "serve/response.h"

/* The query that asks for a page's feed, and the feed's MIME type. */
#define FEED_QUERY STR("atom")
#define FEED_TYPE STR("application/atom+xml")

/*
 * Whether `path` is a page with a feed: gemtext with a link in its first 64 KiB
 * whose label begins with a date.
 */
bool feed_is_at(const struct host *host, struct str path);

/*
 * Answers the query ?atom with the page's feed. Declines any other query, and a
 * page without a feed.
 */
handler feed_answer;

#endif
