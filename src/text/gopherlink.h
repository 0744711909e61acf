#ifndef TEXT_GOPHERLINK_H
#define TEXT_GOPHERLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/gophermenu.h"
#include "text/str.h"

/* What the menu item of a link says, but for its display. */
struct gopherlink {
	char type; /* 'i': there is nowhere to go */
	struct str selector;
	struct str host; /* empty: ours */
	uint16_t port; /* with a host */
};

/*
 * Where `url`, as written on `page`, leads in Gopherspace.  Want of memory
 * makes it lead nowhere.  The result lives in the arena.
 */
struct gopherlink gopherlink_of(
    struct arena *arena, const struct gophermenu_page *page, struct str url);

/*
 * Whether no link of this scheme leads anywhere: what would run in the
 * reader's program, or read the reader's files.
 */
bool gopherlink_refuses(struct str scheme);

#endif
