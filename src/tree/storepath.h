#ifndef TREE_STOREPATH_H
#define TREE_STOREPATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"
#include "tree/versions.h"

/* The place of a file that may be written, looked up without links. */
struct storepath {
	int folder; /* its directory, or that above a missing one */
	char missing[NAME_MAX + 1]; /* the missing directory; empty: none */
	char name[VERSIONS_NAME_MAX + 1];
	bool exists;
	struct stat st; /* of the file, if it exists */
	const char *reason; /* with STATUS_BAD_REQUEST, for the client */
};

/*
 * Finds the place of `path`, which is decoded, normal and absolute; that of a
 * directory, with a final slash, is its index.gmi.  Below the first `depth`
 * directories of the path, on which something may be mounted, nothing is.  At
 * most the last directory may be missing.
 *
 * Returns STATUS_SUCCESS, and the caller calls storepath_close; or
 * STATUS_BAD_REQUEST with a `reason` for the client: a hidden name, a
 * gophermap, a name with control characters or not in UTF-8, a link, a mount,
 * or no regular file; or STATUS_FAILURE with errno set.
 */
MUST_USE enum status storepath_open(struct storepath *out,
    const struct tree *tree, struct str path, size_t depth);

void storepath_close(struct storepath *storepath);

#endif
