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
 * Parses a line, given without its LF.  Returns false for a line that is not an
 * item: the final ".", and lines without the necessary fields.
 */
bool gopheritem_read(struct str line, struct gopheritem *out);

/*
 * Whether the item leads to a file or menu on a server: not text, a search, or
 * another kind of link.
 */
bool gopheritem_leads(const struct gopheritem *item);

/*
 * Appends the item as a gophermap line with the same meaning on any server.
 * `is_ours`: the item leads to the menu's own server, and the line will lead to
 * the gophermap's server.
 */
void
gopheritem_write(struct buf *out, const struct gopheritem *item, bool is_ours);

#endif
