#ifndef TOOL_ASIDE_H
#define TOOL_ASIDE_H

#include <limits.h>

#include "text/attribute.h"

/*
 * A file that appears whole or not at all: until it is whole it lies beside
 * its name, under one that no server shows.
 */
struct aside {
	char name[PATH_MAX];
	int fd; /* to be written to */
};

/* Opens what is to be `path`; -1 with errno set. */
MUST_USE int aside_open(struct aside *aside, const char *path);

/*
 * Closes it.  aside_keep puts it on the disk first and gives it its name, in
 * place of what had it; -1 with errno set, and nothing is left of it.
 */
MUST_USE int aside_keep(struct aside *aside, const char *path);
void aside_drop(struct aside *aside);

#endif
