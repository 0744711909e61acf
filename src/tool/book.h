#ifndef TOOL_BOOK_H
#define TOOL_BOOK_H

#include "serve/host.h"

/*
 * Warns that the index page of a Gempub, `file`, has links to built-in pages.
 * Readers of books take the links for chapters, and a file that is not in the
 * book cannot be opened.  Reads the first 64 KiB of the page.
 */
void book_warn(const char *file, const struct host *host);

#endif
