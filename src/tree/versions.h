#ifndef TREE_VERSIONS_H
#define TREE_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"

/*
 * Older versions of a file, as hidden files in its folder: the versions of
 * "page.gmi" are ".page.gmi~1~", ".page.gmi~2~" and so on; a higher number is
 * newer.  All functions return -1 with errno set on failure.
 */

/* The longest name of a file with versions. */
#define VERSIONS_NAME_MAX 240
#define VERSIONS_NUMBER_MAX 999999999UL
/* Enough for the name of a version, with its NUL. */
#define VERSIONS_ROOM (VERSIONS_NAME_MAX + 16)

struct versions {
	unsigned long first, last; /* numbers; 0: no version */
	size_t count;
};

/* The versions of `name` in `folder` with numbers above `above`. */
MUST_USE int versions_find(
    int folder, const char *name, unsigned long above, struct versions *out);

/* The number in the name of a version of `name`; 0 for other names. */
unsigned long versions_number(const char *version, const char *name);

/* Writes the name of a version. */
void
versions_name(const char *name, unsigned long number, char out[VERSIONS_ROOM]);

/*
 * Makes the file also its next version, with the number `number`: by a hard
 * link, or by a copy where there can be none.  Syncs a copy, but not the
 * folder.
 */
MUST_USE int versions_add(int folder, const char *name, unsigned long *number);

/*
 * Makes the file its next version, so that there is no file `name` any more,
 * and syncs the folder.
 */
MUST_USE int versions_retire(int folder, const char *name);

/*
 * Replaces the file, if there is one, by a version, and makes the file the next
 * version.  Syncs the folder.
 */
MUST_USE int
versions_restore(int folder, const char *name, unsigned long number);

/* Removes the oldest versions until `most` are left. */
MUST_USE int versions_prune(int folder, const char *name, size_t most);

#endif
