#ifndef SERVE_LISTING_H
#define SERVE_LISTING_H

#include "serve/response.h"

/*
 * Answers with the listing of a directory as gemtext: a heading and a link to
 * the parent, unless request->entries_only, then a link for each directory and
 * file, labelled with the page's title if it has one. `entry` is the directory
 * at request->path, borrowed. A listing that is too long for a worker comes
 * from another process: then response->remote is set.
 */
void listing_answer(const struct host *host, const struct request *request,
    const struct entry *entry, struct response *response);

#endif
