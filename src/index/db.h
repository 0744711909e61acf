#ifndef INDEX_DB_H
#define INDEX_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * A row number is the page's number, the section's number, and the section's
 * length on a logarithmic scale.  Ranking needs the length of each row that
 * matches, and reading FTS5's table of lengths costs more than the search.
 */
#define DB_SECTION_BITS 16
#define DB_LENGTH_BITS 8
#define DB_PAGE_SHIFT (DB_SECTION_BITS + DB_LENGTH_BITS)

/* The number of the row of a section with that many words. */
int64_t db_row(int64_t page, int64_t section, size_t words);

/* How many words the section has, within 3 % up to 60,000 words. */
double db_row_words(int64_t row);

/* Location of an index: a file in an open directory. */
struct db_place {
	int directory;
	const char *name;
	bool lasts; /* survives a crash of the system */
	/* A number for the parts of the tree that are left out: zones_number */
	uint32_t zones;
};

enum db_use {
	DB_READ, /* while another process may write */
	DB_WRITE,
	DB_BUILD, /* a new file without readers */
};

/* Opens the index, for sqlite3_close; NULL with errno set. */
MUST_USE sqlite3 *db_open(const struct db_place *place, enum db_use use);

/*
 * Converts SQLite's last error to an errno value: EBADMSG is a damaged file,
 * ENOSPC a full disk, and EAGAIN means that the writer has to open the index
 * before a reader can.
 */
int db_errno(sqlite3 *db);

/* Whether db_errno has returned EBADMSG in this process. */
bool db_met_damage(void);

/*
 * Makes the close of the index keep SQLite's write-ahead log: copying the log
 * into the index would wait for the disk.
 */
void db_keep_log(sqlite3 *db);

/*
 * Whether a file of an index that is open for writing was removed, or another
 * is in its place.
 */
bool db_has_moved(sqlite3 *db, const struct db_place *place);

/* Whether the file of the index exists. */
bool db_exists(const struct db_place *place);

/* Removes the files of an index that exist; keeps errno. */
void db_remove(const struct db_place *place);

/* Moves the closed index that was built into place; -1 with errno set. */
MUST_USE int db_replace(const struct db_place *place);

/* Creates the tables of an empty index; -1 on failure. */
MUST_USE int db_create(sqlite3 *db, const struct db_place *place, bool english);

/*
 * Checks the version of an index, and which parts of the tree it leaves out.
 * Returns 1 when it is stemmed as English, 0 when it is not stemmed, or -1 with
 * errno set: EBADMSG when it is damaged, ESTALE when it is of another version
 * or of other parts.
 */
int db_is_english(sqlite3 *db, const struct db_place *place);

/* The extension API of FTS5; NULL when this SQLite has no FTS5. */
fts5_api *db_api(sqlite3 *db);

/* Runs statements that return no rows; -1 on failure. */
MUST_USE int db_run(sqlite3 *db, const char *sql);

/* Runs a query for one number; -1 on failure. */
MUST_USE int db_number(sqlite3 *db, const char *sql, int64_t *out);

/* Prepares one statement; NULL on failure. */
MUST_USE sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql);

/* Runs a prepared statement without rows, and resets it; -1 on failure. */
MUST_USE int db_do(sqlite3_stmt *statement);

/* Binds text or bytes, borrowed until the statement is reset. */
void db_bind_text(sqlite3_stmt *statement, int at, struct str text);
void db_bind_bytes(sqlite3_stmt *statement, int at, struct str bytes);

/* A column's bytes, valid until the next step. */
struct str db_column(sqlite3_stmt *statement, int at);

#endif
