#ifndef TREE_CATALOGDB_H
#define TREE_CATALOGDB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"

/* A row's number is its page's, shifted, and its place in the page. */
#define CATALOGDB_SECTION_BITS 16

/* Where an index is: a file in a directory that is open. */
struct catalogdb_place {
	int directory;
	const char *name;
	bool lasts; /* it is to survive a crash of the system */
};

enum catalogdb_use {
	CATALOGDB_READ, /* while another process may write */
	CATALOGDB_WRITE,
	CATALOGDB_BUILD, /* a new file, which nobody reads yet */
};

/* Opens the index; NULL with errno set. */
MUST_USE sqlite3 *catalogdb_open(
    const struct catalogdb_place *place, enum catalogdb_use use);

/*
 * What SQLite has just failed at, as the system's number: EBADMSG is a damaged
 * file, ENOSPC a full disk.
 */
int catalogdb_errno(sqlite3 *db);

/* Whether there is a file of an index. */
bool catalogdb_exists(const struct catalogdb_place *place);

/* Removes the files of an index, those that are there. */
void catalogdb_remove(const struct catalogdb_place *place);

/*
 * Puts what was built, and closed, in the place of the index; -1 with errno
 * set.
 */
MUST_USE int catalogdb_replace(const struct catalogdb_place *place);

/* Makes the tables of an empty index; -1 on failure. */
MUST_USE int catalogdb_create(sqlite3 *db, bool english);

/* Whether it is an index of ours, whole, and in which words: 1, 0, or -1. */
int catalogdb_is_english(sqlite3 *db);

/* What FTS5 lets others extend; NULL when this SQLite has none. */
fts5_api *catalogdb_api(sqlite3 *db);

/* Runs statements that give nothing back; -1 on failure. */
MUST_USE int catalogdb_run(sqlite3 *db, const char *sql);

/* Prepares one statement; NULL on failure. */
MUST_USE sqlite3_stmt *catalogdb_prepare(sqlite3 *db, const char *sql);

/* Runs a prepared statement that gives nothing, for the next time too. */
MUST_USE int catalogdb_do(sqlite3_stmt *statement);

/* Binds text or bytes, borrowed until the statement is reset. */
void catalogdb_bind_text(sqlite3_stmt *statement, int at, struct str text);
void catalogdb_bind_bytes(sqlite3_stmt *statement, int at, struct str bytes);

/* A column's bytes, valid until the next step. */
struct str catalogdb_column(sqlite3_stmt *statement, int at);

#endif
