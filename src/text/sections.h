#ifndef TEXT_SECTIONS_H
#define TEXT_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/lines.h"
#include "text/str.h"

/* A heading and what follows it: text by lines, and the labels of links. */
struct section {
	struct str heading, text, links;
};

/*
 * The sections of a page of gemtext or of plain text, which has no headings,
 * in memory that does not grow.  What is longer than a section may be comes
 * in several, under the same heading.
 */
struct sections {
	struct lines lines;
	bool is_gemtext;
	/* Below is this room's own. */
	bool preformatted, ended;
	struct buf heading, next, text, links;
};

/*
 * Begins a page that `read` gives, with memory from the arena; -1 without.
 */
MUST_USE int sections_open(struct sections *sections, struct arena *arena,
    lines_source *read, void *context);

/*
 * Gives the next section, clean of what no reader should get and valid until
 * the next call.  Returns 1, 0 at the end, or -1 when the source failed.
 */
MUST_USE int sections_next(struct sections *sections, struct section *out);

#endif
