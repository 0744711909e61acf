#ifndef SERVE_ONLINE_H
#define SERVE_ONLINE_H

#include "serve/response.h"

/*
 * Answers how many visitors there were lately: as a page, or, to the query
 * "plain", as the number alone.
 */
void online(const struct server *server, const struct request *request,
    struct response *response);

#endif
