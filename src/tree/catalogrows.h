#ifndef TREE_CATALOGROWS_H
#define TREE_CATALOGROWS_H

#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/bitset.h"
#include "text/pathlist.h"
#include "text/str.h"
#include "tree/catalogdraft.h"

/*
 * All that return int give -1 with errno set on failure.
 */

/*
 * Whether those who list files wait, for nothing that is due: a look left
 * something that is not there any more.  -1 on failure.
 */
MUST_USE int catalogrows_waits_in_vain(struct catalogdraft *draft);

/* The least number above those of all files. */
MUST_USE int catalogrows_next_id(struct catalogdraft *draft, int64_t *out);

/* The file of that path, without its path; its id is 0 if there is none. */
struct catalogrow
catalogrows_find(struct catalogdraft *draft, struct str path);

/* Adds to `seen` the numbers of the file `path` and of all files beneath it. */
MUST_USE int catalogrows_see_beneath(
    struct catalogdraft *draft, struct str path, struct bitset *seen);

/*
 * Begins with the files that are gone: the file `path`, and all beneath it;
 * "": all.  Then gives the number of each that is not in `seen`, or 0.
 */
void catalogrows_list_gone(struct catalogdraft *draft, struct str path);
MUST_USE int64_t catalogrows_next_gone(
    struct catalogdraft *draft, const struct bitset *seen);

/*
 * Adds the paths of files that have that inode, or that had only just changed
 * or could not be read when they were looked at, and are not in `seen`.
 */
MUST_USE int catalogrows_list_inode(struct catalogdraft *draft, int64_t inode,
    const struct bitset *seen, struct pathlist *out);
MUST_USE int catalogrows_list_unsettled(struct catalogdraft *draft,
    const struct bitset *seen, struct pathlist *out);

/*
 * A file whose hash is due; its id is 0 if there is none.  Its path is put in
 * `path`, which has so many bytes.
 */
MUST_USE int catalogrows_next_due(struct catalogdraft *draft, char *path,
    size_t size, struct catalogrow *out);

#endif
