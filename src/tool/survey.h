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
	struct str name; /* its last part; empty: the root */
	/* Of the name itself: a link is not followed. */
	unsigned char type; /* DT_REG, DT_DIR, DT_LNK … */
	const struct stat *within; /* the directory it is in; NULL: the root */
	/* What the server finds there. */
	enum status status;
	int error; /* errno without a success: EACCES */
	struct entry found; /* with one; borrowed */
	bool unlisted; /* a directory whose names could not all be read */
};

/* A walk through all that is in a tree, in order, hidden names included. */
struct survey {
	const struct tree *tree;
	void (*visit)(void *context, const struct survey_entry *entry);
	void *context;
	/* Below is this room's own. */
	char path[PATH_MAX];
	size_t len; /* of the path of the directory that is walked */
};

/*
 * Visits the root, then each name, a directory before what is in it.
 * Directories that are hidden, and links to directories, are visited and not
 * entered: where the latter lead is visited where it lies.  Memory is that of
 * the names of one directory and those above it; what does not fit is left
 * out, and marked in the directory's visit.
 */
void survey_run(struct survey *survey);

#endif
