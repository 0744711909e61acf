/* Lists the files of an index in order, with those that were removed. */
#include "index/filelist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "index/db.h"

#define SECOND_NS INT64_C(1000000000)

/* Two lists, each ordered by path, are merged while they are read. */
static const char list[] = "SELECT path, size, mtime, ctime, hash FROM file"
			   " UNION ALL"
			   " SELECT path, NULL, 0, 0, NULL FROM gone"
			   " WHERE time >= ?1 ORDER BY 1";

struct filelist {
	struct index index;
	sqlite3_stmt *statement;
	int64_t since;
};

/*
 * Prepares the list; -1 with errno set.  EAGAIN while hashes are awaited: a
 * file without its hash would appear to be removed.
 */
static int
begin(struct filelist *files)
{
	sqlite3 *db = files->index.db;
	int64_t waits;

	if (db_number(db, "SELECT waits FROM total", &waits) == 0)
		files->statement = db_prepare(db, list);
	if (files->statement == NULL) {
		errno = db_errno(db);
		return -1;
	}
	sqlite3_bind_int64(files->statement, 1, files->since);
	errno = EAGAIN;
	return waits == 0 ? 0 : -1;
}

struct filelist *
filelist_open(const struct db_place *place, const int64_t *since)
{
	struct filelist *files = calloc(1, sizeof *files);

	if (files == NULL)
		return NULL;
	files->since = since != NULL ? *since : INT64_MAX;
	if (index_open(&files->index, place) == -1 || begin(files) == -1) {
		int error = errno;

		filelist_close(files);
		errno = error;
		return NULL;
	}
	return files;
}

void
filelist_close(struct filelist *files)
{
	if (files == NULL)
		return;
	sqlite3_finalize(files->statement);
	index_close(&files->index);
	free(files);
}

static int64_t
seconds_of(int64_t ns)
{
	return ns / SECOND_NS - (ns % SECOND_NS < 0);
}

/* Reads the current row; false for a file that has no hash yet. */
static bool
read_row(struct filelist *files, struct manifest_file *out, bool *changed)
{
	sqlite3_stmt *row = files->statement;
	struct str path = db_column(row, 0);
	struct str hash = db_column(row, 4);
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
filelist_next(struct filelist *files, struct manifest_file *out, bool *changed)
{
	for (;;) {
		switch (sqlite3_step(files->statement)) {
		case SQLITE_DONE: return 0;
		case SQLITE_ROW: break;
		default: errno = db_errno(files->index.db); return -1;
		}
		if (read_row(files, out, changed))
			return 1;
	}
}

int
filelist_total(const struct db_place *place, uint64_t *files, uint64_t *bytes)
{
	struct index index;
	int64_t numbers[2];
	int result = -1;

	if (index_open(&index, place) == -1)
		return -1;
	if (db_number(index.db, "SELECT files FROM total", &numbers[0]) == 0 &&
	    db_number(index.db, "SELECT bytes FROM total", &numbers[1]) == 0) {
		*files = (uint64_t)numbers[0];
		*bytes = (uint64_t)numbers[1];
		result = 0;
	}
	index_close(&index);
	return result;
}
