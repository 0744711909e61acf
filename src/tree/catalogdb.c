/*
 * The index as a database.  Knows its tables and how SQLite is spoken to;
 * knows nothing of what is put in or asked for.
 */
#include "tree/catalogdb.h"

#include <stdio.h>

#include "tree/catalogfile.h"

/* What our tables mean; an index of another meaning is made anew. */
#define FORMAT 4

sqlite3 *
catalogdb_open(int fd, bool writes)
{
	const char *vfs = catalogfile_vfs();
	sqlite3 *db = NULL;
	char name[16];
	int flags = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
			   : SQLITE_OPEN_READONLY;

	snprintf(name, sizeof name, "%d", fd);
	if (vfs != NULL &&
	    sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX, vfs) ==
		SQLITE_OK &&
	    catalogdb_run(db,
		"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
		"PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
		"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON") ==
		0)
		return db;
	sqlite3_close(db);
	return NULL;
}

/*
 * `file` holds all that is served, and of pages the title; `due` says whether
 * a hash is still to come, and `total` whether all that is waited for is known.
 * `gone` is what was and is no longer, and when that was noticed.  `words` has
 * a row for each section of a page.  `term` says how many rows hold a stem,
 * which FTS5 would have to count each time; `form` holds words as they are
 * written, to be looked up from either end.
 */
int
catalogdb_create(sqlite3 *db, bool english)
{
	char about[64];

	snprintf(about, sizeof about,
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    english ? 2 : 1, FORMAT);
	return catalogdb_run(db,
		   "PRAGMA page_size = 4096; BEGIN;"
		   "CREATE TABLE file(id INTEGER PRIMARY KEY, path BLOB UNIQUE,"
		   " size INT, mtime INT, ctime INT, inode INT, title TEXT,"
		   " hash BLOB, due INT);"
		   "CREATE INDEX due ON file(due DESC) WHERE due > 0;"
		   "CREATE TABLE gone(path BLOB PRIMARY KEY, time INT)"
		   " WITHOUT ROWID;"
		   "CREATE INDEX inode ON file(inode);"
		   "CREATE INDEX unsettled ON file(id) WHERE ctime = 0;"
		   "CREATE TABLE total(files INT, bytes INT, waits INT);"
		   "INSERT INTO total VALUES(0, 0, 1);"
		   "CREATE INDEX page ON file(path) WHERE title IS NOT NULL;"
		   "CREATE VIRTUAL TABLE words USING fts5(title, heading, text,"
		   " links, tokenize = 'capsule');"
		   "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, "
		   "row);"
		   "CREATE TABLE term(term BLOB PRIMARY KEY, rows INT)"
		   " WITHOUT ROWID;"
		   "CREATE TABLE form(form BLOB PRIMARY KEY, backwards BLOB)"
		   " WITHOUT ROWID;"
		   "CREATE INDEX form_backwards ON form(backwards);"
		   "COMMIT") == -1
	    ? -1
	    : catalogdb_run(db, about);
}

static int
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = catalogdb_prepare(db, sql);
	int result = -1;

	if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
		result = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return result;
}

int
catalogdb_is_english(sqlite3 *db)
{
	int about = number(db, "PRAGMA application_id");

	if (number(db, "PRAGMA user_version") != FORMAT || about < 1)
		return -1;
	return about == 2;
}

fts5_api *
catalogdb_api(sqlite3 *db)
{
	sqlite3_stmt *statement = catalogdb_prepare(db, "SELECT fts5(?1)");
	fts5_api *api = NULL;

	if (statement == NULL)
		return NULL;
	sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
	(void)sqlite3_step(statement);
	sqlite3_finalize(statement);
	return api;
}

int
catalogdb_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

sqlite3_stmt *
catalogdb_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	(void)sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	return statement;
}

int
catalogdb_do(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? 0 : -1;
}

void
catalogdb_bind_text(sqlite3_stmt *statement, int at, struct str text)
{
	(void)sqlite3_bind_text(statement, at, text.len > 0 ? text.at : "",
	    (int)text.len, SQLITE_STATIC);
}

void
catalogdb_bind_bytes(sqlite3_stmt *statement, int at, struct str bytes)
{
	(void)sqlite3_bind_blob(statement, at, bytes.len > 0 ? bytes.at : "",
	    (int)bytes.len, SQLITE_STATIC);
}

struct str
catalogdb_column(sqlite3_stmt *statement, int at)
{
	const char *bytes = sqlite3_column_blob(statement, at);

	return (struct str){ bytes,
		bytes != NULL ? (size_t)sqlite3_column_bytes(statement, at)
			      : 0 };
}
