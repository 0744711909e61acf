#ifndef SERVE_MANIFESTPAGE_H
#define SERVE_MANIFESTPAGE_H

#include "serve/response.h"

/*
 * The built-in page that a mirror compares: the manifest of all that is
 * served, or, asked with "since=TIME", of what has changed at that time or
 * after it.  From the index; where nothing is ever indexed, each file is read
 * and hashed, which only a tool has the time for.
 */
void manifestpage(const struct server *server, const struct request *request,
    struct response *response);

#endif
