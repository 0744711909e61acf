#ifndef SERVE_RESOURCE_H
#define SERVE_RESOURCE_H

#include <stdbool.h>

#include "serve/response.h"

/*
 * The MIME type that `path` is served with, for a menu's item types: that of
 * the resource if it exists, else the one that its name implies.
 */
struct str resource_type(const struct host *host, struct str path);

/*
 * The MIME type of the answer to a query with a known meaning: a page's feed,
 * or the number of visitors. Empty for any other query.
 */
struct str
resource_query_type(const struct host *host, struct str path, struct str query);

/* Whether the resource at `path` asks for a query. */
bool resource_takes_input(const struct host *host, struct str path);

#endif
