#ifndef SERVE_ARCHIVE_H
#define SERVE_ARCHIVE_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/attribute.h"

enum archive_kind {
	ARCHIVE_GEMPUB, /* a zip with metadata.txt */
	ARCHIVE_ZIP,
	ARCHIVE_TAR, /* with gzip */
};

/*
 * A body: an archive of all files beneath the directory `request->path`, with
 * its final slash, that a visitor may see, under their paths from the root.
 * The same tree is the same bytes.  Returns STATUS_SUCCESS, or the status to
 * answer with: STATUS_UNAVAILABLE when so many are under way, by all or by
 * request->network, that one more must wait, and STATUS_TOO_LARGE for a tree
 * that is found at once to be larger than server->archive_limit.  One that is
 * found so later is cut short, as it is when a file changes while it is read,
 * or cannot be read.
 */
MUST_USE enum status archive_open(const struct server *server,
    const struct request *request, enum archive_kind kind, struct body **out);

/* Built-in pages: all of the capsule, as a Gempub and as a tar.gz. */
void archive_gempub(const struct server *server, const struct request *request,
    struct response *response);
void archive_tar(const struct server *server, const struct request *request,
    struct response *response);

/*
 * Answers "/qa.tar.gz" with what lies beneath "/qa/".  False, and nothing
 * done, when `request` asks for no such thing.
 */
bool archive_of_directory(const struct server *server,
    const struct request *request, struct response *response);

#endif
