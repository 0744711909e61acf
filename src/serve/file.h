#ifndef SERVE_FILE_H
#define SERVE_FILE_H

#include "serve/response.h"

/*
 * Answers with the file that the path leads to, or, when that is a directory,
 * with a redirect to the path with a slash.  Declines a path that ends in a
 * slash, and one that is not in the tree.
 */
handler file_answer;

/*
 * Answers with the file `name` of the directory `request->path`.  Declines when
 * there is none, or when it is a directory.  A gophermap becomes a menu.
 */
enum handled file_answer_in(const struct server *server,
    const struct request *request, struct str name, struct response *response);

/*
 * Answers with what is cached of a file or directory at this path, whose state
 * is `st` now; declines when nothing is.
 */
enum handled
file_answer_cached(const struct server *server, const struct request *request,
    const struct stat *st, struct response *response);

#endif
