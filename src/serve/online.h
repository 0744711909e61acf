#ifndef SERVE_ONLINE_H
#define SERVE_ONLINE_H

#include "serve/response.h"

/*
 * Answers with the number of recent visitors: as a page, or, with the query
 * "plain", as the number alone.
 */
void online(const struct host *host, const struct request *request,
    struct response *response);

#endif
