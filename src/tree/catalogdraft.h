#ifndef TREE_CATALOGDRAFT_H
#define TREE_CATALOGDRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/bitset.h"
#include "text/pathlist.h"
#include "text/sections.h"
#include "text/str.h"
#include "tree/catalogforms.h"
#include "tree/catalogrow.h"
#include "tree/catalogsql.h"
#include "tree/catalogterms.h"

/*
 * An index that may become the next one: at first the last one, only read,
 * and from the first change on a copy.
 */
struct catalogdraft {
	sqlite3 *db; /* NULL: closed */
	int fd; /* of the copy; -1: there is none */
	/* Below is this room's own. */
	struct catalogwords *words;
	sqlite3_stmt *statements[DRAFT_STATEMENTS];
	struct catalogforms forms;
	struct catalogterms terms;
	enum catalogsql list; /* of what is gone */
	bool is_first; /* it is no copy */
	bool has_gone; /* more files than the one that was copied */
	int64_t files, bytes; /* more than the one that was copied has */
};

/*
 * All that return int give -1 with errno set on failure.
 */

/* Opens the index in the file `fd`, borrowed, to be read. */
MUST_USE int
catalogdraft_read(struct catalogdraft *draft, int fd, bool english);

/*
 * Opens a copy of the index in the file `from`, or an empty one (-1), in the
 * blank file `fd`, taken, to be written.
 */
MUST_USE int
catalogdraft_write(struct catalogdraft *draft, int from, int fd, bool english);

/*
 * Ends it: a copy becomes an index.  With `waits`, lists of files wait for a
 * later one.  Gives its file to the caller.
 */
MUST_USE int catalogdraft_finish(struct catalogdraft *draft, bool waits);

/* Forgets it, and what was written. */
void catalogdraft_drop(struct catalogdraft *draft);

/*
 * Whether those who list files wait, for nothing that is due: a look left
 * something that is not there any more.  -1 on failure.
 */
MUST_USE int catalogdraft_waits_in_vain(struct catalogdraft *draft);

/* The least number above those of all files. */
MUST_USE int catalogdraft_next_id(struct catalogdraft *draft, int64_t *out);

/* The file of that path, without its path; its id is 0 if there is none. */
struct catalogrow
catalogdraft_find(struct catalogdraft *draft, struct str path);

/* Adds to `seen` the numbers of the file `path` and of all files beneath it. */
MUST_USE int catalogdraft_see_beneath(
    struct catalogdraft *draft, struct str path, struct bitset *seen);

/*
 * Begins with the files that are gone: the file `path`, and all beneath it;
 * "": all.  Then gives the number of each that is not in `seen`, or 0.
 */
void catalogdraft_list_gone(struct catalogdraft *draft, struct str path);
MUST_USE int64_t catalogdraft_next_gone(
    struct catalogdraft *draft, const struct bitset *seen);

/*
 * Adds the paths of files that have that inode, or that had only just changed
 * or could not be read when they were looked at, and are not in `seen`.
 */
MUST_USE int catalogdraft_list_inode(struct catalogdraft *draft, int64_t inode,
    const struct bitset *seen, struct pathlist *out);
MUST_USE int catalogdraft_list_unsettled(struct catalogdraft *draft,
    const struct bitset *seen, struct pathlist *out);

/* A file whose hash is due; its id is 0 if there is none. */
MUST_USE int
catalogdraft_next_due(struct catalogdraft *draft, struct catalogrow *out);

/* Writing. */

MUST_USE int
catalogdraft_add_file(struct catalogdraft *draft, const struct catalogrow *row);

/* The section numbered `place` of a page that was added. */
MUST_USE int catalogdraft_add_section(struct catalogdraft *draft,
    const struct catalogrow *page, int64_t place,
    const struct section *section);

/* After each page: writes what it has no room to hold until the end. */
MUST_USE int catalogdraft_end_page(struct catalogdraft *draft);

/*
 * Stores a hash that was due, or NULL when it cannot be computed: then the next
 * look takes the file for a new one, and tries again.
 */
MUST_USE int catalogdraft_set_hash(
    struct catalogdraft *draft, int64_t id, const unsigned char *hash);

/* Removes a file; with `is_gone`, that is remembered. */
MUST_USE int
catalogdraft_remove(struct catalogdraft *draft, int64_t id, bool is_gone);

#endif
