/* Lists the files of an index in order, with those that were removed. */
#include "tree/catalogfiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tree/catalogdb.h"

#define SECOND_NS INT64_C(1000000000)

/* Two lists, each ordered by path, are merged while they are read. */
static const char list[] = "SELECT path, size, mtime, ctime, hash FROM file"
			   " UNION ALL"
			   " SELECT path, NULL, 0, 0, NULL FROM gone"
			   " WHERE time >= ?1 ORDER BY 1";

struct catalogfiles {
	struct catalog *catalog;
	sqlite3_stmt *statement;
	int64_t since;
};

/*
 * Prepares the list; -1 with errno set.  EAGAIN while hashes are awaited: a
 * file without its hash would appear to be removed.
 */
static int
begin(struct catalogfiles *files)
{
	sqlite3 *db = files->catalog->db;
	sqlite3_stmt *total;
	int error;

	total = catalogdb_prepare(db, "SELECT waits FROM total");
	if (total != NULL && sqlite3_step(total) == SQLITE_ROW)
		error = sqlite3_column_int(total, 0) != 0 ? EAGAIN : 0;
	else
		error = catalogdb_errno(db);
	sqlite3_finalize(total);
	errno = error;
	if (error != 0)
		return -1;
	errno = ENOMEM;
	files->statement = catalogdb_prepare(db, list);
	return files->statement != NULL &&
		sqlite3_bind_int64(files->statement, 1, files->since) ==
		    SQLITE_OK
	    ? 0
	    : -1;
}

struct catalogfiles *
catalogfiles_open(const struct catalogdb_place *place, const int64_t *since)
{
	struct catalogfiles *files = calloc(1, sizeof *files);

	if (files == NULL)
		return NULL;
	files->since = since != NULL ? *since : INT64_MAX;
	files->catalog = catalog_open(place);
	if (files->catalog == NULL) {
		free(files);
		return NULL;
	}
	if (begin(files) == -1) {
		int error = errno;

		catalogfiles_close(files);
		errno = error;
		return NULL;
	}
	return files;
}

void
catalogfiles_close(struct catalogfiles *files)
{
	if (files == NULL)
		return;
	sqlite3_finalize(files->statement);
	catalog_close(files->catalog);
	free(files);
}

static int64_t
seconds_of(int64_t ns)
{
	return ns / SECOND_NS - (ns % SECOND_NS < 0);
}

/* Reads the current row; false for a file that has no hash yet. */
static bool
read_row(struct catalogfiles *files, struct manifest_file *out, bool *changed)
{
	sqlite3_stmt *row = files->statement;
	struct str path = catalogdb_column(row, 0);
	struct str hash = catalogdb_column(row, 4);
	int64_t settled = sqlite3_column_int64(row, 3);

	*out = (struct manifest_file){
		/* Without the leading slash. */
		.path = str_tail(path, path.len > 0),
		.removed = sqlite3_column_type(row, 1) == SQLITE_NULL,
		.size = (uint64_t)sqlite3_column_int64(row, 1),
		.time = seconds_of(sqlite3_column_int64(row, 2)),
	};
	/* A file that was changing when it was read has no settled time yet. */
	*changed = out->removed || out->time >= files->since ||
	    (settled == 0 ? time(NULL) : seconds_of(settled)) >= files->since;
	if (out->removed)
		return true;
	if (hash.len != sizeof out->hash)
		return false;
	memcpy(out->hash, hash.at, hash.len);
	return true;
}

int
catalogfiles_next(
    struct catalogfiles *files, struct manifest_file *out, bool *changed)
{
	for (;;) {
		switch (sqlite3_step(files->statement)) {
		case SQLITE_DONE: return 0;
		case SQLITE_ROW: break;
		default: errno = catalogdb_errno(files->catalog->db); return -1;
		}
		if (read_row(files, out, changed))
			return 1;
	}
}

int
catalogfiles_total(
    const struct catalogdb_place *place, uint64_t *files, uint64_t *bytes)
{
	struct catalog *catalog = catalog_open(place);
	sqlite3_stmt *statement = NULL;
	int result = -1;

	if (catalog == NULL)
		return -1;
	statement =
	    catalogdb_prepare(catalog->db, "SELECT files, bytes FROM total");
	if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW) {
		*files = (uint64_t)sqlite3_column_int64(statement, 0);
		*bytes = (uint64_t)sqlite3_column_int64(statement, 1);
		result = 0;
	}
	sqlite3_finalize(statement);
	catalog_close(catalog);
	return result;
}
