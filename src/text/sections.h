#ifndef TEXT_SECTIONS_H
#define TEXT_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/lines.h"
#include "text/str.h"

/* A heading and the text after it: lines, and the labels of links. */
struct section {
	struct str heading, text, links;
};

/*
 * The sections of a page of gemtext or plain text (which has no headings), in
 * constant memory.  A section that is too long is divided into several with the
 * same heading.
 */
struct sections {
	struct lines lines;
	bool is_gemtext;
	/* Private. */
	bool preformatted, ended;
	struct buf heading, next, text, links;
};

/* Begins a page with the source `read`; -1 without memory. */
MUST_USE int sections_open(struct sections *sections, struct arena *arena,
    lines_source *read, void *context);

/*
 * Returns the next section, cleaned for display, valid until the next call.
 * Returns 1, 0 at the end, or -1 when the source failed.
 */
MUST_USE int sections_next(struct sections *sections, struct section *out);

#endif
