#ifndef TEXT_GEMTEXT_H
#define TEXT_GEMTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "text/str.h"

enum gemtext_kind {
	GEMTEXT_TEXT,
	GEMTEXT_LINK,
	GEMTEXT_HEADING,
	GEMTEXT_ITEM,
	GEMTEXT_QUOTE,
	GEMTEXT_TOGGLE, /* a line that opens or closes preformatting */
	GEMTEXT_PREFORMATTED,
};

/* One line of gemtext (gemtext 0.24), its markers taken off. */
struct gemtext_line {
	enum gemtext_kind kind;
	int level; /* of a heading, 1 to 3 */
	struct str url; /* of a link */
	/*
	 * What is read: the text, the label (empty when the link has none),
	 * the alt text of a toggle.  Without spaces at its end, but for
	 * preformatted lines, which lose their CR alone.
	 */
	struct str text;
};

/*
 * Reads one line, given without its LF.  `preformatted` is the one bit of
 * state between lines, false at the start of a page; toggles change it.
 */
struct gemtext_line gemtext_read(struct str line, bool *preformatted);

/*
 * The title of a page: the text of its first heading of level 1, else of
 * its first heading, in the bytes given.  Empty when there is none.
 */
struct str gemtext_title(struct str page);

#endif
