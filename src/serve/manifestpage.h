#ifndef SERVE_MANIFESTPAGE_H
#define SERVE_MANIFESTPAGE_H

#include "serve/response.h"

/*
 * The built-in page for mirrors: the manifest of all files, or, with the query
 * "since=TIME", of the changes at or after that time. Reads the index; without
 * an index each file is read and hashed, which is only fast enough for a tool.
 */
void manifestpage(const struct host *host, const struct request *request,
    struct response *response);

#endif
