#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "serve/response.h"

/*
 * Answers a request: calls the handlers in turn until one does not decline.
 * Always fills `response`, if necessary with an error. Everything is allocated
 * in the request's arena, and the caller releases response->body. Where
 * request->follows_moves, a redirect within the capsule restarts the chain;
 * request->path then becomes the path of the page that answers.
 */
void serve(const struct host *host, struct request *request,
    struct response *response);

/*
 * Sets the members of the request for handlers, and answers by the rules for
 * its path: a refusal for a part with readers, a redirect, 52. Declines a
 * request that no rule answers.
 */
enum handled serve_rules(const struct host *host, struct request *request,
    struct response *response);

/*
 * Follows the redirect of a pending answer that has come (see remote_take), as
 * serve does; `response` may become another pending answer.
 */
void serve_taken(const struct host *host, struct request *request,
    struct response *response);

/*
 * Answers a request that a worker handed over: the listing of a directory, a
 * built-in page or an archive; anything else is not found.
 */
void serve_slow(const struct host *host, struct request *request,
    struct response *response);

#endif
