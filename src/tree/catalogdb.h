#ifndef TREE_CATALOGDB_H
#define TREE_CATALOGDB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * A row number is the page's number, shifted left, plus the section's number.
 */
#define CATALOGDB_SECTION_BITS 16

/* Location of an index: a file in an open directory. */
struct catalogdb_place {
	int directory;
	const char *name;
	bool lasts; /* survives a crash of the system */
};

enum catalogdb_use {
	CATALOGDB_READ, /* while another process may write */
	CATALOGDB_WRITE,
	CATALOGDB_BUILD, /* a new file without readers */
};

/* Opens the index; NULL with errno set. */
MUST_USE sqlite3 *
catalogdb_open(const struct catalogdb_place *place, enum catalogdb_use use);

/*
 * Converts SQLite's last error to an errno value: EBADMSG is a damaged file,
 * ENOSPC a full disk.
 */
int catalogdb_errno(sqlite3 *db);

/* Whether catalogdb_errno has returned EBADMSG in this process. */
bool catalogdb_met_damage(void);

/* Whether the file of an open index was removed, or another is in its place. */
bool catalogdb_has_moved(sqlite3 *db);

/* Whether the file of the index exists. */
bool catalogdb_exists(const struct catalogdb_place *place);

/* Removes the files of an index that exist. */
void catalogdb_remove(const struct catalogdb_place *place);

/*
 * Moves the index that was built, and is closed, into place; -1 with errno set.
 */
MUST_USE int catalogdb_replace(const struct catalogdb_place *place);

/* Creates the tables of an empty index; -1 on failure. */
MUST_USE int catalogdb_create(sqlite3 *db, bool english);

/*
 * Checks the version of an index.  Returns 1 when it is stemmed as English, 0
 * when it is not stemmed, or -1 when it is damaged or of another version.
 */
int catalogdb_is_english(sqlite3 *db);

/* The extension API of FTS5; NULL when this SQLite has no FTS5. */
fts5_api *catalogdb_api(sqlite3 *db);

/* Runs statements that return no rows; -1 on failure. */
MUST_USE int catalogdb_run(sqlite3 *db, const char *sql);

/* Prepares one statement; NULL on failure. */
MUST_USE sqlite3_stmt *catalogdb_prepare(sqlite3 *db, const char *sql);

/* Runs a prepared statement that returns no rows, and resets it. */
MUST_USE int catalogdb_do(sqlite3_stmt *statement);

/* Binds text or bytes, borrowed until the statement is reset. */
void catalogdb_bind_text(sqlite3_stmt *statement, int at, struct str text);
void catalogdb_bind_bytes(sqlite3_stmt *statement, int at, struct str bytes);

/* A column's bytes, valid until the next step. */
struct str catalogdb_column(sqlite3_stmt *statement, int at);

#endif
