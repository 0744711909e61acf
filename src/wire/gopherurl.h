#ifndef WIRE_GOPHERURL_H
#define WIRE_GOPHERURL_H

#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

/* Enough for the page of the longest URL that fits into a selector. */
#define GOPHERURL_SIZE ((size_t)24 << 10)

/*
 * Appends the HTML page for a selector "URL:…", for clients that fetch the link
 * instead of opening it: the page redirects to `url`. Returns -1, with nothing
 * appended, for a URL that is unsafe to follow (scripts, data, local files) or
 * is not absolute.
 */
MUST_USE int gopherurl_page(struct buf *page, struct str url);

#endif
