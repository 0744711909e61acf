#ifndef SERVE_FOLLOW_H
#define SERVE_FOLLOW_H

#include "serve/response.h"

/*
 * Whether request->follows_moves is set, and `response` redirects to a page of
 * this capsule; `request` is then for that page. A redirect with a malformed
 * target, or after too many others, becomes a failure; a target elsewhere
 * becomes an absolute URL.
 */
bool follow_redirect(const struct host *host, struct request *request,
    struct response *response);

/* The same for a program, which has used the query and search words. */
bool follow_program(const struct host *host, struct request *request,
    struct response *response);

#endif
