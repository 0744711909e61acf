#ifndef TREE_DIRECTORY_H
#define TREE_DIRECTORY_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

/* A directory entry that a visitor may see. */
struct directory_entry {
	struct str name; /* any bytes but "/" and NUL; NUL-terminated */
	bool is_directory;
};

/* The listing of a directory. */
struct directory {
	struct directory_entry *entries;
	size_t count;
	/* Private: */
	struct arena arena;
	size_t room;
};

/* The directory `path` (decoded, with its final slash), open as `fd`. */
struct directory_place {
	const struct tree *tree;
	struct str path;
	int fd;
};

/*
 * Reads a directory: directories first, each part in natural order.  Names that
 * are hidden, lead out of the tree or are neither file nor directory are left
 * out; a name that cannot be examined at the moment is listed.  Returns
 * STATUS_SUCCESS, and `out` is to be released; STATUS_TOO_LARGE when the
 * directory has more than `most` names, hidden ones included;
 * STATUS_UNAVAILABLE when the listings that this process holds take too much
 * memory; or STATUS_FAILURE, which is logged.
 */
MUST_USE enum status directory_read(
    const struct directory_place *place, size_t most, struct directory *out);
void directory_release(struct directory *directory);

/*
 * Whether a visitor may see the entry `found` of readdir(3), and whether it is
 * a directory.  Returns 1; 0 when it is hidden, gone, leads out of the tree or
 * is neither file nor directory; or -1 with errno set: EACCES when it may not
 * be read, another error when it could not be examined.
 */
MUST_USE int directory_shows(const struct directory_place *place,
    const struct dirent *found, bool *is_directory);

/*
 * Sets the title of a page: its first heading, if the page is gemtext and has a
 * heading within its first 4 KiB.  `title` lives in the arena; empty otherwise.
 */
void directory_title(const struct tree *tree, struct arena *arena,
    struct str path, struct str name, struct str *title);

#endif
