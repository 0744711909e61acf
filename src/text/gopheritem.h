#ifndef TEXT_GOPHERITEM_H
#define TEXT_GOPHERITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "text/buf.h"
#include "text/str.h"

/* One line of a Gopher menu, as a client reads it (RFC 1436 section 3.4). */
struct gopheritem {
	char type;
	struct str display, selector, host;
	uint16_t port;
};

/*
 * Takes a line, given without its LF, apart.  Returns false for what is no
 * item: the final ".", and lines without the fields that make one.
 */
bool gopheritem_read(struct str line, struct gopheritem *out);

/*
 * Whether it leads to a file or, type 1, to a menu of a server, rather than
 * being words, a question, or the way to something else.
 */
bool gopheritem_leads(const struct gopheritem *item);

/*
 * Appends the item as a line of a gophermap, which means the same on
 * whatever server the map is.  `is_ours`: it leads to the menu's own server,
 * and will lead to the map's.
 */
void
gopheritem_write(struct buf *out, const struct gopheritem *item, bool is_ours);

#endif
