#ifndef INDEX_VFS_H
#define INDEX_VFS_H

#include <stddef.h>

#include "text/attribute.h"

/* Bytes of a path for SQLite, and of the file name in it. */
#define VFS_PATH 512
#define VFS_NAME 400

/*
 * Makes SQLite open files relative to open directories only, since a process in
 * its sandbox has no paths.  Every error of a full disk becomes ENOSPC.
 * Returns -1 when this SQLite cannot replace its system calls.
 */
MUST_USE int vfs_prepare(void);

/* Writes SQLite's path of a file in `directory`; -1 if too long. */
MUST_USE int vfs_path(int directory, const char *name, char *out, size_t size);

#endif
