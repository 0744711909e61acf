#ifndef TREE_DIRECTORY_H
#define TREE_DIRECTORY_H

#include <dirent.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

struct directory_entry {
	struct str name; /* any bytes but "/" and NUL; NUL-terminated */
	unsigned char type; /* of the name itself: DT_REG, DT_DIR, DT_LNK … */
};

/* The names in a directory. */
struct directory {
	struct directory_entry *entries;
	size_t count;
	/* Private: */
	struct arena arena;
	size_t room;
};

/*
 * Reads all names of up to NAME_MAX bytes but "." and ".." of the directory
 * `fd`, borrowed, in no order. The type is DT_UNKNOWN for a name that cannot be
 * examined. Returns 0, and `out` is to be released, or -1 with errno set: E2BIG
 * when there are more than `most` names, EBUSY when the directories that this
 * process holds take too much memory.
 */
MUST_USE int directory_names(int fd, size_t most, struct directory *out);
void directory_release(struct directory *directory);

/* The type of `name` in the directory `fd`, as in an entry. */
unsigned char directory_type(int fd, const char *name);

/* The directory `path` (decoded, with its final slash), open as `fd`. */
struct directory_place {
	const struct tree *tree;
	struct str path;
	int fd;
};

/*
 * Reads the names that a visitor may see, directories first, each part in
 * natural order; the type is DT_DIR or DT_REG also for a link. Names that are
 * hidden, lead out of the tree or are neither file nor directory are left out;
 * a name that cannot be examined at the moment is listed. Returns
 * STATUS_SUCCESS, and `out` is to be released; STATUS_TOO_LARGE when the
 * directory has more than `most` names, hidden ones included;
 * STATUS_UNAVAILABLE as directory_names with EBUSY; or STATUS_FAILURE, which is
 * logged.
 */
MUST_USE enum status directory_read(
    const struct directory_place *place, size_t most, struct directory *out);

/*
 * Sets the title of a page: its first heading, if the page is gemtext and has a
 * heading within its first 4 KiB.  `title` lives in the arena; empty otherwise.
 */
void directory_title(const struct tree *tree, struct arena *arena,
    struct str path, struct str name, struct str *title);

#endif
