#ifndef SERVE_ARCHIVE_PAGE_H
#define SERVE_ARCHIVE_PAGE_H

#include <stdbool.h>

#include "serve/response.h"

/* Built-in pages: the whole capsule as a Gempub and as a tar.gz. */
void archive_page_gempub(const struct host *host, const struct request *request,
    struct response *response);
void archive_page_tar(const struct host *host, const struct request *request,
    struct response *response);

/* Makes "/qa.tar.gz" "/qa"; false for other paths. */
bool archive_page_directory(struct str *path);

/*
 * Answers "/qa.tar.gz" with the files beneath "/qa/". Declines any path that is
 * not a directory's path plus the suffix.
 */
handler archive_page_answer;

#endif
