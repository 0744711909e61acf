#ifndef SERVE_UPLOADS_H
#define SERVE_UPLOADS_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/titan.h"

/* The longest URL that a success may redirect to, as META. */
#define UPLOADS_TARGET_MAX ((size_t)1024)

/* A Titan request, beside its struct request. */
struct uploads {
	const struct titan *titan;
	struct str site; /* "gemini://HOST[:PORT]", for the redirect */
	bool surplus; /* more bytes than its size have come already */
};

/*
 * Answers a Titan request, before its body has come. The client must be on a
 * list of the part's writers, and, in a part with readers, also on one of
 * those, since the answers show which files there are. `request->path` is the
 * path of the URL; that of a directory becomes its index.gmi.
 *
 * `response` is a refusal; the source of a page, text/gemini and empty for one
 * that is absent; or a pending answer: then response->remote is a struct
 * uploadline.
 */
void uploads_answer(const struct host *host, struct request *request,
    const struct uploads *upload, struct response *response);

#endif
