#ifndef TREE_WALK_H
#define TREE_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* A file that is served. */
struct walk_file {
	struct str path; /* absolute, as in a request */
	struct str name;
	bool is_link; /* to a file with another path, or a hidden one */
	struct stat st; /* of the file itself */
};

/* The callbacks of a walk; -1 from any of them ends it. */
struct walk {
	const struct tree *tree;
	/*
	 * Called before a directory is read, with its path relative to the
	 * root.
	 */
	int (*enter)(void *context, const char *directory);
	int (*visit)(void *context, const struct walk_file *file);
	/*
	 * Called with errno set for a file or directory that exists and cannot
	 * be examined; its path is as in walk_file, "" for the root.  Where
	 * this is NULL, such a failure ends the walk.
	 */
	int (*fail)(void *context, struct str path);
	/*
	 * Called with the path of a link that leads to no visible file.  May be
	 * NULL.
	 */
	int (*dangle)(void *context, struct str path);
	void *context;
};

/*
 * Visits each file that a client could get, once: no dotfiles, no unreadable
 * files, no links out of the tree.  Links to directories are not followed,
 * since they may form loops.  A file that is added or removed meanwhile may be
 * visited or not.  Returns 0, or -1 with errno set when the walk was ended.
 */
MUST_USE int walk_tree(const struct walk *walk);

/*
 * Does the same for the file at `path`, or for all files beneath the directory
 * `path`.  `path` is from the root, without slashes around it, and its parents
 * are no links; "" is the root.
 */
MUST_USE int walk_path(const struct walk *walk, const char *path);

#endif
