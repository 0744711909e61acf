#ifndef INDEX_FILEROWS_H
#define INDEX_FILEROWS_H

#include <stddef.h>
#include <stdint.h>

#include "index/tables.h"
#include "text/attribute.h"
#include "text/bitset.h"
#include "text/pathlist.h"
#include "text/str.h"

/* All functions that return int return -1 with errno set on failure. */

/*
 * Whether lists of files wait although no hash is due, because a file that a
 * scan left to be hashed later was removed.  -1 on failure.
 */
MUST_USE int filerows_waits_in_vain(struct tables *tables);

/* The smallest number above those of all files. */
MUST_USE int filerows_next_id(struct tables *tables, int64_t *out);

/* The row of `path`, without its path; its id is 0 if none is found. */
struct filerow filerows_find(struct tables *tables, struct str path);

/* Adds to `seen` the numbers of the file `path` and of all files beneath it. */
MUST_USE int filerows_see_beneath(
    struct tables *tables, struct str path, struct bitset *seen);

/*
 * Begins a list of removed files: `path` and all beneath it; "" means all.
 * filerows_next_gone returns the next number that is not in `seen`, or 0.
 */
void filerows_list_gone(struct tables *tables, struct str path);
MUST_USE int64_t filerows_next_gone(
    struct tables *tables, const struct bitset *seen);

/*
 * Whether the index has a file that filerows_list_unsettled lists; -1 on
 * failure, with errno set.
 */
MUST_USE int filerows_has_unsettled(struct tables *tables);

/*
 * Adds the paths of files that are not in `seen` and have the inode, or, for
 * filerows_list_unsettled, that had just changed or could not be read when
 * they were scanned.
 */
MUST_USE int filerows_list_inode(struct tables *tables, int64_t inode,
    const struct bitset *seen, struct pathlist *out);
MUST_USE int filerows_list_unsettled(
    struct tables *tables, const struct bitset *seen, struct pathlist *out);

/*
 * Finds the next file to be hashed; its id is 0 if there is none.  Its path is
 * written to `path`, a buffer of `size` bytes.
 */
MUST_USE int filerows_next_due(
    struct tables *tables, char *path, size_t size, struct filerow *out);

#endif
