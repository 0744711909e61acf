/* Queries for the rows that a scan compares with the tree. */
#include "index/filerows.h"

#include <errno.h>
#include <string.h>

#include "index/db.h"

int
filerows_waits_in_vain(struct tables *tables)
{
	int64_t in_vain;

	return db_number(tables->db,
		   "SELECT NOT EXISTS(SELECT 1 FROM total WHERE waits = 0)"
		   " AND NOT EXISTS(SELECT 1 FROM file WHERE due > 0 AND due > "
		   "1)",
		   &in_vain) == -1
	    ? tables_fail(tables)
	    : in_vain != 0;
}

int
filerows_has_unsettled(struct tables *tables)
{
	int64_t any;

	return db_number(tables->db,
		   "SELECT EXISTS(SELECT 1 FROM file WHERE ctime = 0)",
		   &any) == -1
	    ? tables_fail(tables)
	    : any != 0;
}

int
filerows_next_id(struct tables *tables, int64_t *out)
{
	return db_number(tables->db,
		   "SELECT coalesce(max(id), 0) + 1 FROM file", out) == -1
	    ? tables_fail(tables)
	    : 0;
}

static struct filerow
read_row(sqlite3_stmt *statement)
{
	struct filerow row = {
		.id = sqlite3_column_int64(statement, 0),
		.size = sqlite3_column_int64(statement, 1),
		.mtime = sqlite3_column_int64(statement, 2),
		.ctime = sqlite3_column_int64(statement, 3),
		.inode = sqlite3_column_int64(statement, 4),
		.due = (enum filerow_due)sqlite3_column_int(statement, 6),
	};
	struct str hash = db_column(statement, 5);

	row.hashed = hash.len == sizeof row.hash;
	if (row.hashed)
		memcpy(row.hash, hash.at, hash.len);
	return row;
}

struct filerow
filerows_find(struct tables *tables, struct str path)
{
	sqlite3_stmt *statement = tables->statements[SQL_FIND];
	struct filerow row = { 0 };

	db_bind_bytes(statement, 1, path);
	if (sqlite3_step(statement) == SQLITE_ROW)
		row = read_row(statement);
	row.is_page = row.id != 0 && sqlite3_column_int(statement, 7) != 0;
	sqlite3_reset(statement);
	return row;
}

int
filerows_see_beneath(
    struct tables *tables, struct str path, struct bitset *seen)
{
	sqlite3_stmt *statement = tables->statements[SQL_LIST_BENEATH];
	int result;

	(void)sqlite3_reset(statement);
	db_bind_bytes(statement, 1, path);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (bitset_add(seen, (uint64_t)id) == -1)
			break;
	}
	(void)sqlite3_reset(statement);
	if (result == SQLITE_ROW) {
		errno = ENOMEM;
		return -1;
	}
	return result == SQLITE_DONE ? 0 : tables_fail(tables);
}

void
filerows_list_gone(struct tables *tables, struct str path)
{
	tables->list = path.len > 0 ? SQL_LIST_BENEATH : SQL_LIST;
	(void)sqlite3_reset(tables->statements[tables->list]);
	if (path.len > 0)
		db_bind_bytes(tables->statements[tables->list], 1, path);
}

int64_t
filerows_next_gone(struct tables *tables, const struct bitset *seen)
{
	sqlite3_stmt *statement = tables->statements[tables->list];
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (!bitset_has(seen, (uint64_t)id))
			return id;
	}
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : tables_fail(tables);
}

/* Adds the path of each row with a number that is not in `seen`. */
static int
add_paths(struct tables *tables, sqlite3_stmt *statement,
    const struct bitset *seen, struct pathlist *out)
{
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);

		if (!bitset_has(seen, id) &&
		    pathlist_add(out, db_column(statement, 1)) == -1)
			break;
	}
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0
	    : result == SQLITE_ROW   ? -1
				     : tables_fail(tables);
}

int
filerows_list_inode(struct tables *tables, int64_t inode,
    const struct bitset *seen, struct pathlist *out)
{
	sqlite3_stmt *statement = tables->statements[SQL_LIST_INODE];

	sqlite3_bind_int64(statement, 1, inode);
	return add_paths(tables, statement, seen, out);
}

int
filerows_list_unsettled(
    struct tables *tables, const struct bitset *seen, struct pathlist *out)
{
	return add_paths(
	    tables, tables->statements[SQL_LIST_UNSETTLED], seen, out);
}

int
filerows_next_due(
    struct tables *tables, char *path, size_t size, struct filerow *out)
{
	sqlite3_stmt *statement = tables->statements[SQL_DUE];
	int result = sqlite3_step(statement);

	*out = (struct filerow){ 0 };
	if (result == SQLITE_ROW) {
		struct str found = db_column(statement, 7);

		*out = read_row(statement);
		out->path =
		    (struct str){ path, found.len < size ? found.len : size };
		memcpy(path, found.at, out->path.len);
	}
	/* End the read transaction now: hashing, which comes next, is slow. */
	(void)sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE
	    ? 0
	    : tables_fail(tables);
}
