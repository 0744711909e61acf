#ifndef MIRROR_BACKUP_H
#define MIRROR_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"
#include "text/utc.h"

/*
 * The files that a crawl has replaced or removed, in the copy's hidden folder:
 *
 *	.mirror/before/2026-11-24T20:29:42Z/PATH
 *
 * Each run that replaces or removes anything has one folder, named after its
 * time in UTC, or a later time, so that the order of the names is that of the
 * runs.  The last BACKUP_RUNS folders are kept.  While a run is being restored,
 * the replaced files go to a folder "TIME.replaced", which is renamed to TIME
 * at the end.
 */
#define BACKUP_RUNS 2

struct backup {
	int work; /* the copy's hidden folder; borrowed */
	int run; /* the folder of this run; -1: nothing is in it yet */
	int64_t now; /* seconds since 1970 */
	char name[UTC_SIZE]; /* of that folder */
	size_t files; /* that this run put there */
	uint64_t bytes; /* of all files beneath .mirror/before */
};

/* Returns -1 with errno set; then it is already closed. */
MUST_USE int backup_open(struct backup *backup, int work, int64_t now);
void backup_close(struct backup *backup);

/*
 * Keeps the file `path` beneath `root`, which is about to be replaced and stays
 * there until then.  Does nothing when there is no file.  Returns -1 with errno
 * set.
 */
MUST_USE int backup_keep(struct backup *backup, int root, struct str path);

/*
 * Moves the file `path` away from `root`, and removes the folders that become
 * empty.  A missing file is no error.  Returns -1 with errno set.
 */
MUST_USE int backup_take(struct backup *backup, int root, struct str path);

/*
 * Ends the run: removes all folders but the last BACKUP_RUNS.  A run that has
 * kept no file removes only its own folder.  Returns -1 with errno set.
 */
MUST_USE int backup_end(struct backup *backup);

/*
 * Opens the folder of the newest run, and sets `name` to its name.  From then
 * on backup_keep puts files into "TIME.replaced".  Returns a descriptor, to be
 * closed by the caller, or -1 with errno set; ENOENT: there is no run.
 */
MUST_USE int backup_reopen(struct backup *backup);

/*
 * Ends the restoring of a run, if all of its files are back.  Returns
 * -1 with errno set; ENOTEMPTY: some are not.
 */
MUST_USE int backup_swap(struct backup *backup);

#endif
