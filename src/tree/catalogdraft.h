#ifndef TREE_CATALOGDRAFT_H
#define TREE_CATALOGDRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/sections.h"
#include "text/str.h"
#include "tree/catalogforms.h"
#include "tree/catalogrow.h"
#include "tree/catalogsql.h"
#include "tree/catalogterms.h"

/* An index that is written, by one process at a time. */
struct catalogdraft {
	const struct catalogdb_place *place; /* the caller fills it; borrowed */
	sqlite3 *db; /* NULL: closed */
	bool is_first; /* it is built, and nobody reads it before it is done */
	bool is_damaged; /* a failure was the fault of the file */
	/* Below is this file's own. */
	bool is_open; /* a transaction is */
	struct catalogwords *words;
	sqlite3_stmt *statements[DRAFT_STATEMENTS];
	struct catalogforms forms;
	struct catalogterms terms;
	enum catalogsql list; /* of what is gone */
	/* Of one transaction: */
	bool has_gone;
	int64_t files, bytes; /* more than before */
	int64_t pages; /* that it changed */
};

/*
 * All that return int give -1 with errno set on failure.
 */

/*
 * Opens the index that is there: ENOENT when there is none, EBADMSG when it is
 * damaged, or of another version or language.
 */
MUST_USE int catalogdraft_open(struct catalogdraft *draft, bool english);

/* Removes what is there, and begins with an index of nothing. */
MUST_USE int catalogdraft_create(struct catalogdraft *draft, bool english);

void catalogdraft_close(struct catalogdraft *draft);

/* Begins a transaction, unless one is open. */
MUST_USE int catalogdraft_begin(struct catalogdraft *draft);

/*
 * Ends it, if one is open; what was built is then put in its place.  With
 * `waits`, lists of files wait for a later one.
 */
MUST_USE int catalogdraft_commit(struct catalogdraft *draft, bool waits);

/* Forgets what was written since it began; all that was built is gone. */
void catalogdraft_rollback(struct catalogdraft *draft);

/* Gives back the room that the log takes, as far as readers let it. */
MUST_USE int catalogdraft_make_room(struct catalogdraft *draft);

/* Makes lists of files wait for the next transaction. */
MUST_USE int catalogdraft_wait_for_look(struct catalogdraft *draft);

/* Sets errno to what SQLite has just failed at; returns -1. */
int catalogdraft_fail(struct catalogdraft *draft);

/* Writing, in a transaction. */

MUST_USE int
catalogdraft_add_file(struct catalogdraft *draft, const struct catalogrow *row);

/* A file that is another one now, but has the same bytes. */
MUST_USE int catalogdraft_keep_file(
    struct catalogdraft *draft, const struct catalogrow *row);

/* The section numbered `place` of a page that was added. */
MUST_USE int catalogdraft_add_section(struct catalogdraft *draft,
    const struct catalogrow *page, int64_t place,
    const struct section *section);

/*
 * After each file: a transaction ends when it has changed many, and another
 * begins.
 */
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
