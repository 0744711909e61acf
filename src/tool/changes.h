#ifndef TOOL_CHANGES_H
#define TOOL_CHANGES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Changes of files that are all made or none.  Each is prepared first, as a
 * temporary file with a hidden name beside its place; the commit then only
 * renames.  Paths are those of the system, and are copied.
 *
 * SIGHUP, SIGINT and SIGTERM wait until changes_release: one that comes during
 * the preparation makes it fail with EINTR.  After a kill or a crash each file
 * is complete, old or new, but some changes may be made and others not.  The
 * old content of a file that was being replaced is then beside it, with
 * CHANGES_KEPT before its name.
 */
#define CHANGES_KEPT ".capsule-old-"

struct changes {
	struct changes_step *steps;
	size_t count;
	/*
	 * After a failure: the file that it is about, and whether something
	 * could not be undone.
	 */
	const char *culprit;
	bool is_stuck;
	/* Private. */
	size_t room;
	struct arena arena;
	sigset_t before;
};

void changes_init(struct changes *changes);

/*
 * Prepare a change; they are made in the order of these calls, and a move comes
 * last.  changes_folder makes a folder.  changes_create makes a file with
 * `bytes`, and changes_replace replaces a regular file, with its permissions,
 * unless the file is edited before the commit, which then fails with ESTALE.
 * changes_move moves a file or folder within a file system.  No change but
 * changes_replace overwrites anything: then it fails with EEXIST.  They return
 * -1 with errno set.
 */
MUST_USE int changes_folder(struct changes *changes, const char *path);
MUST_USE int
changes_create(struct changes *changes, const char *path, struct str bytes);
MUST_USE int
changes_replace(struct changes *changes, const char *path, struct str bytes);
MUST_USE int
changes_move(struct changes *changes, const char *from, const char *to);

/* Makes all changes, or none and returns -1 with errno set. */
MUST_USE int changes_commit(struct changes *changes);

/* Reports the failure of one of these functions; returns -1. */
int changes_report(const struct changes *changes, const char *verb);

/* Removes the temporary files that are left. */
void changes_release(struct changes *changes);

#endif
