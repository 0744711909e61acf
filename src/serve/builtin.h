#ifndef SERVE_BUILTIN_H
#define SERVE_BUILTIN_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/str.h"

/* A built-in page. */
struct builtin_page {
	struct str type; /* MIME type of its answer */
	struct str query, query_type; /* a query with its own type, or empty */
	bool takes_input; /* prompts for a query when there is none */
	bool has_parts; /* paths beneath its own belong to it */
	void (*answer)(const struct host *host, const struct request *request,
	    struct response *response);
};

/*
 * The built-in page for `path`. NULL when there is none, or when the tree has
 * its path, readable or not: the tree overrides built-in pages.
 */
const struct builtin_page *
builtin_find(const struct host *host, struct str path);

/* Answers with a built-in page, unless the tree has its path. */
handler builtin_answer;

#endif
