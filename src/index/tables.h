#ifndef INDEX_TABLES_H
#define INDEX_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "index/db.h"
#include "index/filerow.h"
#include "index/sql.h"
#include "index/tokenizer.h"
#include "text/attribute.h"
#include "text/sections.h"
#include "text/str.h"

/* A power of two. */
#define TABLES_FORMS ((size_t)32768)

/* An index open for writing.  One process at a time may have one. */
struct tables {
	const struct db_place *place; /* the caller fills it; borrowed */
	sqlite3 *db; /* NULL: closed */
	bool is_first; /* a new index, without readers until it is complete */
	bool is_damaged; /* the file caused a failure */
	/* Private: */
	bool is_open; /* a transaction is open */
	struct tokenizer *tokenizer;
	sqlite3_stmt *statements[SQL_STATEMENTS];
	uint64_t *forms; /* TABLES_FORMS hashes of words that are in `form` */
	size_t form_count; /* words of the section so far */
	enum sql list; /* lists removed files */
	/* Of one transaction: */
	bool has_gone;
	int64_t files, bytes; /* added by the transaction */
	int64_t pages; /* changed */
};

/* All functions that return int return -1 with errno set on failure. */

/*
 * Opens an existing index: ENOENT when there is none, EBADMSG when it is
 * damaged, ESTALE when it is of another version, language or readers.
 */
MUST_USE int tables_open(struct tables *tables, bool english);

/* Removes the existing index, if any, and creates one; closing keeps errno. */
MUST_USE int tables_create(struct tables *tables, bool english);

void tables_close(struct tables *tables);

/* Begins a transaction, unless one is open. */
MUST_USE int tables_begin(struct tables *tables);

/*
 * Commits the transaction, if one is open, and moves a new index into place.
 * With `waits`, lists of files wait for a later commit.
 */
MUST_USE int tables_commit(struct tables *tables, bool waits);

/* Rolls the transaction back; a new index is removed. */
void tables_rollback(struct tables *tables);

/* Truncates the log, as far as readers allow. */
MUST_USE int tables_make_room(struct tables *tables);

/* Makes lists of files wait for the next commit. */
MUST_USE int tables_make_wait(struct tables *tables);

/* Sets errno from SQLite's last error; returns -1. */
int tables_fail(struct tables *tables);

/* The functions below need an open transaction. */

MUST_USE int tables_add_file(struct tables *tables, const struct filerow *row);

/* Updates the row of a file that was replaced by one with the same bytes. */
MUST_USE int tables_keep_file(struct tables *tables, const struct filerow *row);

/* Adds the section with number `place` of a page. */
MUST_USE int tables_add_section(struct tables *tables,
    const struct filerow *page, int64_t place, const struct section *section);

/*
 * Called after each file: commits a transaction that has changed many files,
 * and begins another.
 */
MUST_USE int tables_end_page(struct tables *tables);

/*
 * Stores the hash of a row in which it was due, if the file has not changed
 * since.  Without a hash, which cannot be computed then, the next scan treats
 * the file as new, and tries again.
 */
MUST_USE int tables_set_hash(struct tables *tables, const struct filerow *row);

/* Removes a file; with `is_gone`, remembers it as removed. */
MUST_USE int tables_remove(struct tables *tables, int64_t id, bool is_gone);

#endif
