#ifndef TOOL_BOOK_H
#define TOOL_BOOK_H

#include "serve/host.h"
#include "tool/finding.h"

/*
 * Warns that the index page of a Gempub, `file`, does not exist, or has links
 * to built-in pages.  Readers of books take the links for chapters, and a file
 * that is not in the book cannot be opened.  Reads the first 64 KiB of the
 * page.
 */
void book_warn(const char *file, const struct host *host);

/*
 * Adds a finding if metadata.txt names an index page that does not exist,
 * unless the capsule is no Gempub.
 */
void book_check(const struct host *host, struct finding_writer *findings);

#endif
