/* Hashes the large files that scans left out. */
#include "index/hashing.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "index/filerows.h"

/* Lets the caller scan the tree; -1 with errno set ends the hashing. */
static int
be_idle(const struct hashing *hashing)
{
	if (hashing->idle == NULL || hashing->idle(hashing->context) == 0)
		return 0;
	errno = ECANCELED;
	return -1;
}

/* Whether the file is still to be hashed: a scan may have changed its row. */
static bool
is_still_due(const struct hashing *hashing)
{
	struct tables *tables = hashing->tables;
	struct filerow row = { 0 };

	if (tables->db != NULL)
		row = filerows_find(tables, hashing->path);
	return row.due != FILEROW_DUE_NOT &&
	    filerow_is_same(&row, &hashing->entry.st) &&
	    tree_is_unchanged(&hashing->entry);
}

static int
on_pause(void *context)
{
	const struct hashing *hashing = context;

	if (be_idle(hashing) == -1)
		return -1;
	errno = ESTALE;
	return is_still_due(hashing) ? 0 : -1;
}

/*
 * Hashes the file of `row`, which sets its hash.  -1 with errno set; unless the
 * file was removed or replaced, the failure is logged.
 */
static int
hash_file(struct hashing *hashing, struct filerow *row)
{
	const struct sha256_pause pause = { on_pause, hashing };
	int error = ESTALE;

	hashing->path = row->path;
	if (tree_open(hashing->tree, row->path, &hashing->entry) !=
	    STATUS_SUCCESS)
		return -1;
	if (filerow_is_same(row, &hashing->entry.st)) {
		row->hashed =
		    tree_hash(&hashing->entry, row->hash, &pause) == 0;
		error = errno;
	}
	close(hashing->entry.fd);
	if (!row->hashed && error != ESTALE && error != ECANCELED)
		tree_log_failure("cannot read", error, row->path);
	errno = error;
	return row->hashed ? 0 : -1;
}

/*
 * Hashes a file that is due.  Returns 1 when the file is done, 0 when none is
 * due, or -1 with errno set.
 */
static int
hash_next(struct hashing *hashing)
{
	struct tables *tables = hashing->tables;
	char path[PATH_MAX];
	struct filerow row;

	/* A scan meanwhile may have failed and closed the index. */
	if (tables->db == NULL)
		return 0;
	if (filerows_next_due(tables, path, sizeof path, &row) == -1)
		return -1;
	if (row.id == 0)
		return 0;
	if (hash_file(hashing, &row) == -1 && errno == ECANCELED)
		return -1;
	if (tables->db == NULL)
		return 0;
	/* The next scan finds a file that has changed since. */
	return tables_begin(tables) == -1 ||
		tables_set_hash(tables, &row) == -1 ||
		tables_commit(tables, *hashing->more) == -1 ||
		be_idle(hashing) == -1
	    ? -1
	    : 1;
}

int
hashing_run(struct hashing *hashing)
{
	int result, hashed = 0, error;

	while ((result = hash_next(hashing)) == 1)
		hashed = 1;
	error = errno;
	if (result == -1)
		tables_rollback(hashing->tables);
	errno = error;
	return result == 0 ? hashed : result;
}
