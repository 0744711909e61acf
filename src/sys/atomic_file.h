#ifndef SYS_ATOMIC_FILE_H
#define SYS_ATOMIC_FILE_H

#include <limits.h>

#include "text/attribute.h"

/*
 * A file that is replaced atomically. Until it is complete it has a hidden name
 * in the same directory, which no server shows.
 */
struct atomic_file {
	char name[PATH_MAX];
	int fd; /* for writing */
};

/* Opens a temporary file for `path`; -1 with errno set. */
MUST_USE int atomic_file_open(struct atomic_file *file, const char *path);

/*
 * Both close the file. atomic_file_keep syncs it and renames it to `path`,
 * replacing an existing file; on failure it removes the file and returns -1
 * with errno set. atomic_file_drop removes the file.
 */
MUST_USE int atomic_file_keep(struct atomic_file *file, const char *path);
void atomic_file_drop(struct atomic_file *file);

#endif
