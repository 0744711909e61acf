#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>

#include "serve/response.h"

/*
 * Answers a request: chooses the handler, which fills `response`.  Always
 * succeeds, if need be with an error as the answer.  Everything lives in
 * the request's arena, and response->body is to be released.
 */
void serve(const struct server *server, const struct request *request,
    struct response *response);

/*
 * Turns a success that is gemtext into a menu, where the request wants menus:
 * for an answer that came later, by remote_take. serve() does it by itself.
 */
void serve_project(const struct server *server, const struct request *request,
    struct response *response);

/*
 * The MIME type that `path` is served with, for a menu's item types: that
 * of the resource if it is there, else what its name tells.  A few seconds
 * old at most.  Empty when it takes a look at the content that media_allow
 * does not permit.
 */
struct str serve_type(const struct server *server, struct str path);

/*
 * The MIME type of the answer to a query that has a meaning of its own: a
 * page's feed, a number.  Empty for any other.
 */
struct str serve_query_type(
    const struct server *server, struct str path, struct str query);

/* Whether what `path` leads to asks for a query. */
bool serve_takes_input(const struct server *server, struct str path);

#endif
