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

/* An index open for writing.  One process at a time may have one. */
struct catalogdraft {
	const struct catalogdb_place *place; /* the caller fills it; borrowed */
	sqlite3 *db; /* NULL: closed */
	bool is_first; /* a new index, without readers until it is complete */
	bool is_damaged; /* the file caused a failure */
	/* Private: */
	bool is_open; /* a transaction is open */
	struct catalogwords *words;
	sqlite3_stmt *statements[DRAFT_STATEMENTS];
	struct catalogforms forms;
	struct catalogterms terms;
	enum catalogsql list; /* lists removed files */
	/* Of one transaction: */
	bool has_gone;
	int64_t files, bytes; /* added by the transaction */
	int64_t pages; /* changed */
};

/* All functions that return int return -1 with errno set on failure. */

/*
 * Opens an existing index: ENOENT when there is none, EBADMSG when it is
 * damaged, or of another version or language.
 */
MUST_USE int catalogdraft_open(struct catalogdraft *draft, bool english);

/* Removes the existing index, if any, and creates an empty one. */
MUST_USE int catalogdraft_create(struct catalogdraft *draft, bool english);

void catalogdraft_close(struct catalogdraft *draft);

/* Begins a transaction, unless one is open. */
MUST_USE int catalogdraft_begin(struct catalogdraft *draft);

/*
 * Commits the transaction, if one is open, and moves a new index into place.
 * With `waits`, lists of files wait for a later commit.
 */
MUST_USE int catalogdraft_commit(struct catalogdraft *draft, bool waits);

/* Rolls the transaction back; a new index is removed. */
void catalogdraft_rollback(struct catalogdraft *draft);

/* Truncates the log, as far as readers allow. */
MUST_USE int catalogdraft_make_room(struct catalogdraft *draft);

/* Makes lists of files wait for the next commit. */
MUST_USE int catalogdraft_wait_for_look(struct catalogdraft *draft);

/* Sets errno from SQLite's last error; returns -1. */
int catalogdraft_fail(struct catalogdraft *draft);

/* The functions below need an open transaction. */

MUST_USE int
catalogdraft_add_file(struct catalogdraft *draft, const struct catalogrow *row);

/* Updates the row of a file that was replaced by one with the same bytes. */
MUST_USE int catalogdraft_keep_file(
    struct catalogdraft *draft, const struct catalogrow *row);

/* Adds the section with number `place` of a page. */
MUST_USE int catalogdraft_add_section(struct catalogdraft *draft,
    const struct catalogrow *page, int64_t place,
    const struct section *section);

/*
 * Called after each file: commits a transaction that has changed many files,
 * and begins another.
 */
MUST_USE int catalogdraft_end_page(struct catalogdraft *draft);

/*
 * Stores a hash that was due.  NULL means that it cannot be computed: then the
 * next scan treats the file as new, and tries again.
 */
MUST_USE int catalogdraft_set_hash(
    struct catalogdraft *draft, int64_t id, const unsigned char *hash);

/* Removes a file; with `is_gone`, remembers it as removed. */
MUST_USE int
catalogdraft_remove(struct catalogdraft *draft, int64_t id, bool is_gone);

#endif
