#ifndef TREE_WALK_H
#define TREE_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* Something that is served. */
struct walk_file {
	struct str path; /* absolute, as a request has it */
	struct str name;
	bool is_link; /* to a file that has another path, or is hidden */
	struct stat st; /* of the file itself */
};

/* The callbacks of a walk; -1 from any of them ends it. */
struct walk {
	const struct tree *tree;
	/* Before a directory is read: its path, relative to the root. */
	int (*enter)(void *context, const char *directory);
	int (*visit)(void *context, const struct walk_file *file);
	/*
	 * Called with errno set for a file or directory that exists and cannot
	 * be examined; its path is as in walk_file, "" for the root.  Where
	 * this is NULL, such a failure ends the walk.
	 */
	int (*fail)(void *context, struct str path);
	/*
	 * Told of a link, by its path, that leads to nothing that a visitor
	 * gets; NULL: no need.
	 */
	int (*dangle)(void *context, struct str path);
	void *context;
};

/*
 * Visits each file that a client could get, once: no dotfiles, nothing that
 * may not be read or leads out.  Links to directories are not followed, or
 * there could be no end.  What comes or goes meanwhile is met or not.
 * Returns 0, or -1 with errno set when the walk was ended.
 */
MUST_USE int walk_tree(const struct walk *walk);

/*
 * The same for the file, or for all beneath the directory, at `path`, from the
 * root and without slashes around it, whose parents are no links; "": all.
 */
MUST_USE int walk_path(const struct walk *walk, const char *path);

#endif
