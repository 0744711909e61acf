#ifndef SERVE_REDIRECT_H
#define SERVE_REDIRECT_H

#include "serve/response.h"

/* The longest extension of a gemtext page. */
#define REDIRECT_ROOM 7

/* The request's query if it asks for a feed, else empty. */
struct str redirect_feed_query(const struct request *request);

/*
 * Finds the one page that is meant by a path that is not found: the gemtext
 * page with this name and an extension, or the built-in page without the final
 * slash. STATUS_SUCCESS with its path in `out`, which has room for
 * REDIRECT_ROOM bytes more than `path` has; STATUS_FAILURE when it cannot be
 * read just now, or STATUS_NOT_FOUND. A hidden name means no page: whether the
 * name exists does not change the answer.
 */
MUST_USE enum status
redirect_find(const struct host *host, struct str path, struct buf *out);

/*
 * Redirects to the page that redirect_find finds, temporarily: the author can
 * make a page of the requested name.
 */
handler redirect_answer;

#endif
