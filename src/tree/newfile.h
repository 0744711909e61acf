#ifndef TREE_NEWFILE_H
#define TREE_NEWFILE_H

#include <stdbool.h>

#include "text/attribute.h"

/* The beginning of the hidden names of files and folders under construction. */
#define NEWFILE_PREFIX ".capsuled-upload-"
#define NEWFILE_NAME_MAX 40

/*
 * A file under construction.  It has no name where the system can give it one
 * later, else a hidden name in its folder.  A lock shows other processes that
 * it is in use (newfile_is_left).
 */
struct newfile {
	int folder; /* borrowed */
	int fd; /* for reading and writing */
	char name[NEWFILE_NAME_MAX]; /* empty: none */
};

/* Begins a file in the directory `folder`; -1 with errno set. */
MUST_USE int newfile_open(struct newfile *file, int folder);

/*
 * Syncs the file, with mode 0644, and names it `name`; with `replaces`, instead
 * of another file of that name, else it fails with EEXIST.  The caller syncs
 * the folder.  Closes the file; after a failure, -1 with errno set, it is gone.
 */
MUST_USE int
newfile_keep(struct newfile *file, const char *name, bool replaces);

/* Removes the file; keeps errno. */
void newfile_drop(struct newfile *file);

/*
 * Makes a folder with a hidden name in the directory `above`, with the same
 * lock.  Returns its descriptor, or -1 with errno set.
 */
MUST_USE int newfile_folder(int above, char name[NEWFILE_NAME_MAX]);

/*
 * Whether `name` in the directory `folder` is a file or folder that an upload
 * has left there, because its process ended.
 */
bool newfile_is_left(int folder, const char *name);

/*
 * Syncs a directory; -1 with errno set.  A file system that cannot do that is
 * no failure.
 */
MUST_USE int newfile_sync(int folder);

#endif
