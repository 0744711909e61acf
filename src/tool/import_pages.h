#ifndef TOOL_IMPORT_PAGES_H
#define TOOL_IMPORT_PAGES_H

#include "text/arena.h"
#include "text/article.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tool/folder.h"

/* A capsule to be made of an article. */
struct import_pages {
	const struct article *article;
	struct str title; /* one line */
	struct str language; /* empty: unknown */
};

/*
 * Lists the files of the capsule in `folder`.  They are in the arena and borrow
 * `pages`.  Returns -1 without memory.
 */
MUST_USE int import_pages_list(struct arena *arena,
    const struct import_pages *pages, struct folder *folder);

#endif
