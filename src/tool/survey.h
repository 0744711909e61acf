#ifndef TOOL_SURVEY_H
#define TOOL_SURVEY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "text/attribute.h"
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
	bool unlisted; /* see survey_run */
};

/* A visit to all names in a tree, hidden ones included. */
struct survey {
	const struct tree *tree;
	void (*visit)(void *context, const struct survey_entry *entry);
	void *context;
};

/*
 * Visits all names in the order of walk_next, the root first. A directory whose
 * names cannot be read is visited a second time, `unlisted`, with its path
 * only. -1 without memory, with errno set.
 */
MUST_USE int survey_run(struct survey *survey);

#endif
