#ifndef SERVE_FILE_H
#define SERVE_FILE_H

#include "serve/response.h"

/*
 * Answers with the file at the path, or, for a directory, with a redirect to
 * the path with a slash. Declines a path that ends in a slash, and one that is
 * not in the tree.
 */
handler file_answer;

/*
 * Answers with the file `name` of the directory `request->path`. Declines when
 * it does not exist or is a directory. A gophermap becomes a menu. An empty
 * name stands for the path itself, as for file_answer.
 */
enum handled file_answer_in(const struct host *host,
    const struct request *request, struct str name, struct response *response);

/*
 * Answers from the cache with the file or directory at this path, whose state
 * is `st` now. Declines when it is not in the cache.
 */
enum handled
file_answer_cached(const struct host *host, const struct request *request,
    const struct stat *st, struct response *response);

#endif
