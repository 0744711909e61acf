#ifndef SERVE_BUILTIN_H
#define SERVE_BUILTIN_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/str.h"

/* How one of them is served. */
struct builtin_page {
	struct str type; /* MIME type of its answer */
	struct str query, query_type; /* of that to this query; or empty */
	bool takes_input; /* a query, which it asks for when there is none */
	bool has_parts; /* what lies beneath its path is its own too */
	void (*answer)(const struct server *server,
	    const struct request *request, struct response *response);
};

/*
 * The page that `path` belongs to; NULL when there is none, or when the tree
 * holds its path, readable or not, which overrides it.
 */
const struct builtin_page *
builtin_find(const struct server *server, struct str path);

/* Answers for a page of the server's own that is not in the tree. */
handler builtin_answer;

#endif
