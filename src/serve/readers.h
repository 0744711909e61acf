#ifndef SERVE_READERS_H
#define SERVE_READERS_H

#include "serve/response.h"

/*
 * Sets request->zone and request->tree, or refuses a request for a part that
 * has readers, since clients cannot be identified. The refusal does not depend
 * on the files there. The archive of a directory is in the zone of that
 * directory.
 */
enum handled readers_answer(const struct host *host, struct request *request,
    struct response *response);

#endif
