#ifndef TOOL_RELINK_H
#define TOOL_RELINK_H

#include <stddef.h>

#include "sys/sink.h"
#include "text/attribute.h"
#include "text/site.h"
#include "text/str.h"
#include "tool/relocation.h"

/* The rewriting of a capsule's links. */
struct relink {
	const struct site *site;
	struct relocation moved; /* its arena is for one link */
	size_t count; /* of the links that were changed, in all texts */
};

/* A page or gophermap, and its path before and after the move. */
struct relink_page {
	struct str before, after;
	struct str text;
};

/* `site` and the paths of `moved` are set before; all strings are borrowed. */
void relink_init(struct relink *move);
void relink_release(struct relink *move);

/*
 * Both write the page to `out`, with links that lead to the same pages as
 * before: links to the moved page or folder, and relative links of a moved
 * page.  A relative link stays relative, and any other keeps its scheme and
 * host; query and fragment stay.  All bytes but those of such paths stay, and
 * so do links that are no URL references.  relink_gophermap does the same to
 * the selectors of a gophermap, but a relative selector becomes absolute when
 * it no longer is beneath the map's folder.  Returns -1 with errno set, ENOMEM
 * or that of the sink.
 */
MUST_USE int relink_gemtext(
    struct relink *move, const struct relink_page *page, struct sink *out);
MUST_USE int relink_gophermap(
    struct relink *move, const struct relink_page *page, struct sink *out);

#endif
