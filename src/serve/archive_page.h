#ifndef SERVE_ARCHIVE_PAGE_H
#define SERVE_ARCHIVE_PAGE_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/attribute.h"

enum archive_page_kind {
	ARCHIVE_PAGE_GEMPUB, /* a zip with metadata.txt */
	ARCHIVE_PAGE_ZIP,
	ARCHIVE_PAGE_TAR, /* with gzip */
};

/*
 * Opens a body: an archive of all visible files beneath the directory
 * `request->path`, which has its final slash. File names in it are paths from
 * the root. The same tree gives the same bytes. Returns STATUS_SUCCESS, or the
 * status to answer with: STATUS_TOO_LARGE when the tree is larger than
 * host->archive_limit. The body is cut short when the tree later turns out
 * too large, and when a file cannot be read or changes while it is read.
 */
MUST_USE enum status
archive_page_open(const struct host *host, const struct request *request,
    enum archive_page_kind kind, struct body **out);

/* Built-in pages: the whole capsule as a Gempub and as a tar.gz. */
void archive_page_gempub(const struct host *host, const struct request *request,
    struct response *response);
void archive_page_tar(const struct host *host, const struct request *request,
    struct response *response);

/*
 * Answers "/qa.tar.gz" with the files beneath "/qa/". Declines any path that is
 * not a directory's path plus the suffix.
 */
handler archive_page_answer;

#endif
