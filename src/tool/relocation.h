#ifndef TOOL_RELOCATION_H
#define TOOL_RELOCATION_H

#include <stdbool.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The move of a page or folder in a capsule.  All paths are decoded and
 * absolute; a folder's has no final slash.
 */
struct relocation {
	struct str from, to;
	bool is_folder;
	/* Whether a file or folder has this path before the move. */
	bool (*exists)(void *context, struct str path);
	void *context;
	struct arena arena; /* for the results */
};

/*
 * The path after the move of the page or folder to which a link with the path
 * `path` leads before it.  A folder's index page has the path of the folder,
 * too, and a page its path without its extension, as for the server.  `out` is
 * `path`, unchanged, or lives in the arena.  Returns -1 without memory.
 */
MUST_USE int
relocation_path(struct relocation *moved, struct str path, struct str *out);

/*
 * The same for the path of a selector, which may have the item type before it:
 * "/0/page.gmi".
 */
MUST_USE int
relocation_selector(struct relocation *moved, struct str path, struct str *out);

/* Whether the path is that of the index page of a folder. */
bool relocation_is_index(struct str path);

/* The folder of a path, with its final slash. */
struct str relocation_folder(struct str path);

#endif
