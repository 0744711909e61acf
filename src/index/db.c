/*
 * The SQLite database of the index: opening, tables, and helpers for queries.
 */
#include "index/db.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/vfs.h"

/*
 * Version of the tables and of the rules for words; an index of another version
 * is built again.
 */
#define FORMAT 7
/* The longest wait for a writer or a checkpoint. */
#define BUSY_MS 2000
/* Lengths that a row number can tell apart, for each power of two. */
#define LENGTH_STEPS 16
#define LENGTH_MOST ((1 << DB_LENGTH_BITS) - 1)
/* Suffix of the file name while an index is built. */
#define NEW "-new"

/*
 * Settings of every connection.  The page cache below, in KiB, can be small
 * because the system caches the file, too.
 */
#define COMMON \
	"PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;" \
	"PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"

/*
 * A checkpoint after this number of 4 KiB pages keeps the log small.  Deleted
 * data need not be overwritten: it was public.
 */
static const char *const settings[] = {
	[DB_READ] = COMMON "PRAGMA query_only = ON;"
			   "PRAGMA cache_size = -1024",
	[DB_WRITE] = COMMON "PRAGMA journal_mode = WAL;"
			    "PRAGMA secure_delete = OFF;"
			    "PRAGMA wal_autocheckpoint = 256",
	[DB_BUILD] = COMMON "PRAGMA journal_mode = OFF;"
			    "PRAGMA synchronous = OFF;"
			    "PRAGMA locking_mode = EXCLUSIVE",
};

/* Suffixes of the files that SQLite makes for an index. */
static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

static int
set_up(sqlite3 *db, const struct db_place *place, enum db_use use)
{
	int keep = 1;

	/* Readers cannot create the log again if the last writer removes it. */
	if (use == DB_WRITE)
		(void)sqlite3_file_control(
		    db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	(void)sqlite3_busy_timeout(db, BUSY_MS);
	if (use == DB_WRITE &&
	    db_run(db,
		place->lasts ? "PRAGMA synchronous = NORMAL"
			     : "PRAGMA synchronous = OFF") == -1)
		return -1;
	return db_run(db, settings[use]);
}

sqlite3 *
db_open(const struct db_place *place, enum db_use use)
{
	static const int flags[] = {
		[DB_READ] = SQLITE_OPEN_READONLY,
		[DB_WRITE] = SQLITE_OPEN_READWRITE,
		[DB_BUILD] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	};
	char name[VFS_NAME], path[VFS_PATH];
	sqlite3 *db = NULL;
	int error;

	snprintf(
	    name, sizeof name, "%s%s", place->name, use == DB_BUILD ? NEW : "");
	if (vfs_prepare() == -1 ||
	    vfs_path(place->directory, name, path, sizeof path) == -1)
		return NULL;
	if (sqlite3_open_v2(path, &db, flags[use] | SQLITE_OPEN_NOMUTEX,
		"unix") == SQLITE_OK &&
	    set_up(db, place, use) == 0)
		return db;
	error = db_errno(db);
	sqlite3_close(db);
	errno = error;
	return NULL;
}

void
db_keep_log(sqlite3 *db)
{
	(void)sqlite3_db_config(
	    db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}

/* Whether this process has met a damaged index. */
static bool met_damage;

bool
db_met_damage(void)
{
	return met_damage;
}

int
db_errno(sqlite3 *db)
{
	switch (db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM) {
	case SQLITE_FULL: return ENOSPC;
	case SQLITE_NOMEM: return ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: met_damage = true; return EBADMSG;
	/* Only the writer can set up the log, and the memory they share. */
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return sqlite3_db_readonly(db, "main") == 1 ? EAGAIN : EIO;
	default: return EIO;
	}
}

/* Whether the file of the memory that the processes share is in its place. */
static bool
has_shared_memory(const struct db_place *place)
{
	char name[VFS_PATH];
	struct stat st;

	snprintf(name, sizeof name, "%s-shm", place->name);
	return fstatat(place->directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
db_has_moved(sqlite3 *db, const struct db_place *place)
{
	int moved = 0;

	return !has_shared_memory(place) ||
	    (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
		    SQLITE_OK &&
		moved != 0);
}

bool
db_exists(const struct db_place *place)
{
	struct stat st;

	return fstatat(place->directory, place->name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0;
}

static void
remove_files(const struct db_place *place, const char *end)
{
	char file[VFS_PATH];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(
		    file, sizeof file, "%s%s%s", place->name, end, suffixes[i]);
		(void)unlinkat(place->directory, file, 0);
	}
}

void
db_remove(const struct db_place *place)
{
	int error = errno;

	remove_files(place, "");
	remove_files(place, NEW);
	errno = error;
}

int
db_replace(const struct db_place *place)
{
	char name[VFS_NAME];
	int fd, result = -1;

	snprintf(name, sizeof name, "%s%s", place->name, NEW);
	fd = openat(place->directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return -1;
	/* The old index is not removed until the new one is on the disk. */
	if (!place->lasts || fsync(fd) == 0) {
		remove_files(place, "");
		result = renameat(
		    place->directory, name, place->directory, place->name);
	}
	close(fd);
	return result;
}

/* The application id of an index: two bits for the language, and the zones. */
static int32_t
about_of(const struct db_place *place, bool english)
{
	return (int32_t)((place->zones & 0x1fffffff) << 2 | (english ? 2 : 1));
}

/*
 * `file` has a row for each served file, with the title of a page; `due` says
 * whether its hash is still to come.  `total` has the totals and whether lists
 * of files wait.  `gone` has removed files and the time at which that was
 * noticed.  `words` has a row for each section of a page, and `vocabulary`
 * counts the rows that hold a stem.  `form` has unstemmed words, for lookups by
 * prefix and by suffix.
 */
int
db_create(sqlite3 *db, const struct db_place *place, bool english)
{
	char about[64];

	snprintf(about, sizeof about,
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    about_of(place, english), FORMAT);
	return db_run(db,
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
		   " links, tokenize = 'capsule', columnsize = 0);"
		   "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, "
		   "row);"
		   "CREATE TABLE form(form BLOB PRIMARY KEY, backwards BLOB)"
		   " WITHOUT ROWID;"
		   "CREATE INDEX form_backwards ON form(backwards);"
		   "COMMIT") == -1
	    ? -1
	    : db_run(db, about);
}

int64_t
db_row(int64_t page, int64_t section, size_t words)
{
	long length = lround(LENGTH_STEPS * log2((double)words + 1));

	return page << DB_PAGE_SHIFT | section << DB_LENGTH_BITS |
	    (length < LENGTH_MOST ? length : LENGTH_MOST);
}

double
db_row_words(int64_t row)
{
	return exp2((double)(row & LENGTH_MOST) / LENGTH_STEPS) - 1;
}

int
db_number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	int result = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;

	if (result == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : -1;
}

int
db_is_english(sqlite3 *db, const struct db_place *place)
{
	int64_t about, version;

	errno = EBADMSG;
	if (db_number(db, "PRAGMA application_id", &about) == -1 ||
	    db_number(db, "PRAGMA user_version", &version) == -1)
		return -1;
	if (version == FORMAT && about == about_of(place, true))
		return 1;
	if (version == FORMAT && about == about_of(place, false))
		return 0;
	errno = ESTALE;
	return -1;
}

fts5_api *
db_api(sqlite3 *db)
{
	sqlite3_stmt *statement = db_prepare(db, "SELECT fts5(?1)");
	fts5_api *api = NULL;

	if (statement == NULL)
		return NULL;
	sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
	(void)sqlite3_step(statement);
	sqlite3_finalize(statement);
	return api;
}

int
db_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

sqlite3_stmt *
db_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	(void)sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	return statement;
}

int
db_do(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? 0 : -1;
}

void
db_bind_text(sqlite3_stmt *statement, int at, struct str text)
{
	(void)sqlite3_bind_text(statement, at, text.len > 0 ? text.at : "",
	    (int)text.len, SQLITE_STATIC);
}

void
db_bind_bytes(sqlite3_stmt *statement, int at, struct str bytes)
{
	(void)sqlite3_bind_blob(statement, at, bytes.len > 0 ? bytes.at : "",
	    (int)bytes.len, SQLITE_STATIC);
}

struct str
db_column(sqlite3_stmt *statement, int at)
{
	const char *bytes = sqlite3_column_blob(statement, at);

	return (struct str){ bytes,
		bytes != NULL ? (size_t)sqlite3_column_bytes(statement, at)
			      : 0 };
}
