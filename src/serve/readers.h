#ifndef SERVE_READERS_H
#define SERVE_READERS_H

#include "serve/response.h"

/*
 * Sets request->zone and request->tree, and request->is_admitted if the client
 * may read that zone; or refuses the request with 60, 61 or 62. The refusal
 * does not depend on the files there. The archive of a directory is in the
 * zone of that directory.
 */
enum handled readers_answer(const struct host *host, struct request *request,
    struct response *response);

/*
 * To be called after readers_answer: answers 51 in a hidden zone, such as the
 * files of programs, unless a program answers for the path.
 */
enum handled
readers_hide(const struct request *request, struct response *response);

#endif
