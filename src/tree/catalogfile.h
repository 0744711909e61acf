#ifndef TREE_CATALOGFILE_H
#define TREE_CATALOGFILE_H

#include <stddef.h>

#include "text/attribute.h"

/* Bytes of a name that SQLite gets for a file, and of the file's own. */
#define CATALOGFILE_PATH 512
#define CATALOGFILE_NAME 400

/*
 * From now on SQLite finds files in directories that are open, and no others:
 * a process in its sandbox has no paths.  A full disk is one, however the
 * system says so.  -1 when this SQLite has no such means.
 */
MUST_USE int catalogfile_prepare(void);

/* The path by which SQLite opens a file in a directory; -1 if too long. */
MUST_USE int
catalogfile_path(int directory, const char *name, char *out, size_t size);

#endif
