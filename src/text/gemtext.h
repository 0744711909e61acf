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

/* One line of gemtext (gemtext 0.24), without its marker. */
struct gemtext_line {
	enum gemtext_kind kind;
	int level; /* of a heading, 1 to 3 */
	struct str url; /* of a link */
	/*
	 * The text of the line, the label of a link (may be empty), or the alt
	 * text of a toggle.  Without trailing spaces, but a preformatted line
	 * loses only its CR.
	 */
	struct str text;
};

/*
 * Parses one line, given without its LF.  `preformatted` is the state between
 * lines, false at the start of a page; toggles change it.
 */
struct gemtext_line gemtext_read(struct str line, bool *preformatted);

/*
 * The title of a page, in the given bytes: the text of its first heading of
 * level 1, or else of its first heading.  Empty when there is none.
 */
struct str gemtext_title(struct str page);

#endif
