#ifndef TOOL_SURVEY_H
#define TOOL_SURVEY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

/* One name in a tree, or the root. */
struct survey_entry {
	struct str path; /* decoded, absolute; a directory's ends with "/" */
	struct str name; /* its last component; empty: the root */
	/* Of the name itself: a link is not followed. */
	unsigned char type; /* DT_REG, DT_DIR, DT_LNK … */
	const struct stat *within; /* the directory it is in; NULL: the root */
	/* The server's view of it. */
	enum status status;
	int error; /* errno when `status` is no success */
	struct entry found; /* on success; borrowed */
	bool unlisted; /* a directory whose names could not all be read */
};

/* An iterator over everything in a tree, in order, hidden names included. */
struct survey {
	const struct tree *tree;
	void (*visit)(void *context, const struct survey_entry *entry);
	void *context;
	/* Private. */
	char path[PATH_MAX];
	size_t len; /* length of the current directory's path */
};

/*
 * Visits the root, then each name, a directory before its content.  Hidden
 * directories and links to directories are visited and not entered: the target
 * of a link is visited at its own place.  Memory is needed for the names of one
 * directory and those above it; names that do not fit are left out, and marked
 * in the directory's visit.
 */
void survey_run(struct survey *survey);

#endif
