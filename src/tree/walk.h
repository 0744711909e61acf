#ifndef TREE_WALK_H
#define TREE_WALK_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * An iterator over all names beneath a directory, in the order of the bytes of
 * their paths, a directory before the names in it. Links to directories are not
 * followed: their files have other paths, or the links form a loop. A name that
 * is added or removed meanwhile may be met or not. Its memory is limited to the
 * names of one branch, of at most 256 directories.
 */
struct walk;

/* A name; valid until the next call. */
struct walk_entry {
	/* Decoded, absolute, with a NUL; a directory ends in a slash. */
	struct str path;
	struct str name; /* the last component; empty: the start of the walk */
	unsigned char type; /* of the name itself: DT_REG, DT_DIR, DT_LNK … */
	int directory; /* descriptor of the directory that it is in */
};

/*
 * Begins at `path`, absolute: at a directory if it has a final slash, else at
 * any name, whose parent exists. `tree` and `path` are borrowed. Hidden names
 * are left out unless `hidden`; directories with hidden names are not entered
 * in any case. NULL with errno set.
 */
MUST_USE struct walk *
walk_open(const struct tree *tree, struct str path, bool hidden);
void walk_close(struct walk *walk);

/*
 * Gets the next name, the first of which is the start. Returns 1, 0 at the end,
 * or -1 with errno set when the directory of the last call cannot be read; the
 * next call goes on after it.
 */
MUST_USE int walk_next(struct walk *walk, struct walk_entry *out);

/* The path of the last call, a directory's without its slash. */
struct str walk_path(const struct walk *walk);

/*
 * Gets the status of a name's target; -1 with errno set when it cannot be read.
 * Only the target of a link is opened.
 */
MUST_USE int walk_stat(
    const struct tree *tree, const struct walk_entry *met, struct stat *out);

/* A file that a visitor may read. */
struct walk_file {
	struct str path; /* relative to the root, without a leading slash */
	struct entry entry; /* the caller closes it */
};

/*
 * Opens the next file. A file or directory without read permission is passed
 * over; with `strict` it is a failure. Returns 1, 0 at the end, or -1 with
 * errno set when the walk is incomplete: logged, except for a file without read
 * permission.
 */
MUST_USE int
walk_next_file(struct walk *walk, bool strict, struct walk_file *out);

#endif
