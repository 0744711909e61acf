#ifndef SYS_ATOMIC_FILE_H
#define SYS_ATOMIC_FILE_H

#include <limits.h>

#include "text/attribute.h"

/*
 * A file that appears whole or not at all: until it is complete it has a hidden
 * name in the same folder, which no server shows.
 */
struct atomic_file {
	char name[PATH_MAX];
	int fd; /* for writing */
};

/* Opens the file that will be `path`; -1 with errno set. */
MUST_USE int atomic_file_open(struct atomic_file *file, const char *path);

/*
 * Closes the file. atomic_file_keep syncs it first and renames it to `path`,
 * replacing a file of that name; -1 with errno set, and the file is removed.
 * atomic_file_drop removes it.
 */
MUST_USE int atomic_file_keep(struct atomic_file *file, const char *path);
void atomic_file_drop(struct atomic_file *file);

#endif
