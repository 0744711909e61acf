#ifndef TREE_CATALOGDRAFT_H
#define TREE_CATALOGDRAFT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/bitset.h"
#include "text/sections.h"
#include "text/str.h"
#include "tree/catalogforms.h"

enum catalogdraft_statement {
	DRAFT_FIND,
	DRAFT_LIST,
	DRAFT_LIST_BENEATH,
	DRAFT_DUE,
	DRAFT_ADD_FILE,
	DRAFT_ADD_SECTION,
	DRAFT_ADD_WORDS,
	DRAFT_ADD_FORM,
	DRAFT_DROP_WORDS,
	DRAFT_DROP_SECTIONS,
	DRAFT_DROP_FILE,
	DRAFT_NOTE_GONE,
	DRAFT_FORGET_GONE,
	DRAFT_SET_HASH,
	DRAFT_STATEMENTS,
};

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
	bool has_other_words; /* than the one that was copied */
};

/* Whether a file's hash is still to be found out. */
enum catalogdraft_due {
	DUE_NOT, /* it is known, or cannot be had until the file changes */
	DUE_SOME_TIME, /* and whoever lists files does without it */
	DUE_SOON, /* and they wait for it */
};

/* A file as the index knows it. */
struct catalogrow {
	int64_t id; /* 0: not at all */
	struct str path; /* valid until the next call */
	int64_t size, mtime, inode; /* times in nanoseconds */
	int64_t ctime; /* 0: it had only just changed, and may again */
	bool hashed;
	enum catalogdraft_due due;
	struct str title; /* of a page; without bytes: none.  To be added */
	unsigned char hash[SHA256_SIZE]; /* To be added, if `hashed` */
};

/* What a row says of a file that is like this, but for its name and hash. */
struct catalogrow catalogdraft_row(const struct stat *st);

/*
 * Whether a file is as the row says, and whether it is so for good: what had
 * only just changed then may look the same and be another.
 */
bool catalogdraft_is_same(const struct catalogrow *row, const struct stat *st);
bool
catalogdraft_is_settled(const struct catalogrow *row, const struct stat *st);

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
 * Ends it: a copy becomes an index, made of nothing if it `is_first`.  With
 * `waits`, whoever lists files waits for a later one.  Gives its file to the
 * caller.
 */
MUST_USE int
catalogdraft_finish(struct catalogdraft *draft, bool is_first, bool waits);

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

/* The number of a file that is not in `seen`, or 0. */
MUST_USE int64_t catalogdraft_next_gone(
    struct catalogdraft *draft, const struct bitset *seen);

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

/*
 * Stores a hash that was due, or NULL when it cannot be computed: then the next
 * look takes the file for a new one, and tries again.
 */
MUST_USE int catalogdraft_set_hash(
    struct catalogdraft *draft, int64_t id, const unsigned char *hash);

/* The inode in the row of a file that the next look should take as new. */
#define CATALOGDRAFT_NO_INODE (-1)

/* Removes a file; with `is_gone`, that is remembered. */
MUST_USE int
catalogdraft_remove(struct catalogdraft *draft, int64_t id, bool is_gone);

#endif
