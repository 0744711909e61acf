#ifndef SERVE_LISTING_H
#define SERVE_LISTING_H

#include "serve/response.h"
#include "text/attribute.h"

/*
 * The listing of a directory without an index page, as gemtext: a heading and a
 * link to the parent, unless request->entries_only, then a link for each
 * directory and file, labelled with the page's title if it has one. `entry` is
 * the directory at request->path, borrowed. Returns STATUS_SUCCESS and a body,
 * or the status to answer with.
 */
MUST_USE enum status
listing_open(const struct server *server, const struct request *request,
    const struct entry *entry, struct body **out);

#endif
