#ifndef SERVE_MANIFEST_PAGE_H
#define SERVE_MANIFEST_PAGE_H

#include "serve/response.h"

/*
 * The built-in page for mirrors: the manifest of all files, or, with the query
 * "since=TIME", of the changes at or after that time. See capsule_manifest.
 */
void manifest_page_answer(const struct host *host,
    const struct request *request, struct response *response);

#endif
