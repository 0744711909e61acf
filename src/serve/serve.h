#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "serve/response.h"

/*
 * Answers a request: asks the handlers in turn until one does not decline.
 * Always fills `response`, if need be with an error.  Everything lives in the
 * request's arena, and response->body is to be released.  A redirect within the
 * capsule starts the chain again where request->follows_moves; request->path
 * then becomes the path of the page that answers.
 */
void serve(const struct server *server, struct request *request,
    struct response *response);

#endif
