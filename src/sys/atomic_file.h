#ifndef SYS_ATOMIC_FILE_H
#define SYS_ATOMIC_FILE_H

#include <limits.h>

#include "text/attribute.h"

/*
 * A file that appears whole or not at all: until it is whole it lies beside
 * its name, under one that no server shows.
 */
struct atomic_file {
	char name[PATH_MAX];
	int fd; /* to be written to */
};

/* Opens what is to be `path`; -1 with errno set. */
MUST_USE int atomic_file_open(struct atomic_file *file, const char *path);

/*
 * Closes it.  atomic_file_keep puts it on the disk first and gives it its name,
 * in place of what had it; -1 with errno set, and nothing is left of it.
 */
MUST_USE int atomic_file_keep(struct atomic_file *file, const char *path);
void atomic_file_drop(struct atomic_file *file);

#endif
