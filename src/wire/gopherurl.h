#ifndef WIRE_GOPHERURL_H
#define WIRE_GOPHERURL_H

#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

/* Enough for the page of the longest URL that a selector holds. */
#define GOPHERURL_SIZE ((size_t)24 << 10)

/*
 * Appends the HTML page that a selector "URL:…" answers with, for clients
 * that fetch the link instead of opening it: it leads on to `url`.  Returns
 * -1, with nothing appended, for what no reader should be led to: scripts,
 * data, local files, and what is not an absolute URL.
 */
MUST_USE int gopherurl_page(struct buf *page, struct str url);

#endif
