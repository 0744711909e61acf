/* Queries for the rows that a scan compares with the tree. */
#include "tree/catalogrows.h"

#include <errno.h>
#include <string.h>

#include "tree/catalogdb.h"

/* Runs a query that returns one number. */
static int
number(struct catalogdraft *draft, const char *query, int64_t *out)
{
	sqlite3_stmt *statement = catalogdb_prepare(draft->db, query);
	int result = -1;

	if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW) {
		*out = sqlite3_column_int64(statement, 0);
		result = 0;
	}
	sqlite3_finalize(statement);
	return result == -1 ? catalogdraft_fail(draft) : 0;
}

int
catalogrows_waits_in_vain(struct catalogdraft *draft)
{
	int64_t in_vain;

	return number(draft,
		   "SELECT NOT EXISTS(SELECT 1 FROM total WHERE waits = 0)"
		   " AND NOT EXISTS(SELECT 1 FROM file WHERE due > 0 AND due > "
		   "1)",
		   &in_vain) == -1
	    ? -1
	    : in_vain != 0;
}

int
catalogrows_next_id(struct catalogdraft *draft, int64_t *out)
{
	int64_t last;

	if (number(draft, "SELECT max(id) FROM file", &last) == -1)
		return -1;
	*out = last + 1;
	return 0;
}

static struct catalogrow
read_row(sqlite3_stmt *statement)
{
	struct catalogrow row = {
		.id = sqlite3_column_int64(statement, 0),
		.size = sqlite3_column_int64(statement, 1),
		.mtime = sqlite3_column_int64(statement, 2),
		.ctime = sqlite3_column_int64(statement, 3),
		.inode = sqlite3_column_int64(statement, 4),
		.due = (enum catalogrow_due)sqlite3_column_int(statement, 6),
	};
	struct str hash = catalogdb_column(statement, 5);

	row.hashed = hash.len == sizeof row.hash;
	if (row.hashed)
		memcpy(row.hash, hash.at, hash.len);
	return row;
}

struct catalogrow
catalogrows_find(struct catalogdraft *draft, struct str path)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_FIND];
	struct catalogrow row = { 0 };

	catalogdb_bind_bytes(statement, 1, path);
	if (sqlite3_step(statement) == SQLITE_ROW)
		row = read_row(statement);
	sqlite3_reset(statement);
	return row;
}

int
catalogrows_see_beneath(
    struct catalogdraft *draft, struct str path, struct bitset *seen)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_LIST_BENEATH];
	int result;

	(void)sqlite3_reset(statement);
	catalogdb_bind_bytes(statement, 1, path);
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
	return result == SQLITE_DONE ? 0 : catalogdraft_fail(draft);
}

void
catalogrows_list_gone(struct catalogdraft *draft, struct str path)
{
	draft->list = path.len > 0 ? DRAFT_LIST_BENEATH : DRAFT_LIST;
	(void)sqlite3_reset(draft->statements[draft->list]);
	if (path.len > 0)
		catalogdb_bind_bytes(draft->statements[draft->list], 1, path);
}

int64_t
catalogrows_next_gone(struct catalogdraft *draft, const struct bitset *seen)
{
	sqlite3_stmt *statement = draft->statements[draft->list];
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (!bitset_has(seen, (uint64_t)id))
			return id;
	}
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : catalogdraft_fail(draft);
}

/* Adds the paths of the rows whose numbers are not in `seen`. */
static int
add_paths(struct catalogdraft *draft, sqlite3_stmt *statement,
    const struct bitset *seen, struct pathlist *out)
{
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);

		if (!bitset_has(seen, id) &&
		    pathlist_add(out, catalogdb_column(statement, 1)) == -1)
			break;
	}
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0
	    : result == SQLITE_ROW   ? -1
				     : catalogdraft_fail(draft);
}

int
catalogrows_list_inode(struct catalogdraft *draft, int64_t inode,
    const struct bitset *seen, struct pathlist *out)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_LIST_INODE];

	sqlite3_bind_int64(statement, 1, inode);
	return add_paths(draft, statement, seen, out);
}

int
catalogrows_list_unsettled(
    struct catalogdraft *draft, const struct bitset *seen, struct pathlist *out)
{
	return add_paths(
	    draft, draft->statements[DRAFT_LIST_UNSETTLED], seen, out);
}

int
catalogrows_next_due(
    struct catalogdraft *draft, char *path, size_t size, struct catalogrow *out)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_DUE];
	int result = sqlite3_step(statement);

	*out = (struct catalogrow){ 0 };
	if (result == SQLITE_ROW) {
		struct str found = catalogdb_column(statement, 7);

		*out = read_row(statement);
		out->path =
		    (struct str){ path, found.len < size ? found.len : size };
		memcpy(path, found.at, out->path.len);
	}
	/*
	 * Reset now: hashing takes long, and must not keep a read transaction.
	 */
	(void)sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE
	    ? 0
	    : catalogdraft_fail(draft);
}
