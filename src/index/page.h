#ifndef INDEX_PAGE_H
#define INDEX_PAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/sections.h"
#include "text/str.h"
#include "tree/media.h"
#include "tree/tree.h"
#include "tree/walk.h"

/* Bytes from the start of a page that are searched. */
#define PAGE_LONGEST ((size_t)4 << 20)
#define PAGE_TITLE 512

/* A page that is read for the index. */
struct page {
	struct str title; /* clean; the file name if the page has none */
	int error; /* errno of a failed read, else 0 */
	struct sections sections; /* to be read with sections_next */
	/* Private: */
	int fd;
	size_t left;
	char text[PAGE_TITLE];
};

/*
 * Begins to read the open file, which is borrowed, with memory from the arena.
 * Returns 1; 0 when visitors cannot search the file; or -1 with page->error
 * set, to 0 when memory ran out.
 */
MUST_USE int
page_open(struct page *page, struct arena *arena, struct media *media,
    const struct walk_entry *met, const struct entry *entry);

#endif
