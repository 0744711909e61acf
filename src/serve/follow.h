#ifndef SERVE_FOLLOW_H
#define SERVE_FOLLOW_H

#include "serve/response.h"

/*
 * Whether request->follows_moves, and `response` redirects to a page of this
 * capsule, which then is the request. A redirect that leads nowhere, or follows
 * too many others, becomes a failure; the target of one that leads elsewhere
 * becomes an absolute URL.
 */
bool follow_redirect(const struct host *host, struct request *request,
    struct response *response);

/* The same for a redirect of a program, which has taken query and words. */
bool follow_program(const struct host *host, struct request *request,
    struct response *response);

#endif
