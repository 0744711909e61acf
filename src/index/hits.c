/* The pages that a search shows: those in the tree, with their passages. */
#include "index/hits.h"

#include <errno.h>
#include <unistd.h>

#include "index/filerow.h"
#include "index/passage.h"

/* Copies a column to the arena. */
static int
copy(const struct hits *hits, sqlite3_stmt *statement, int at, struct str *out)
{
	return arena_copy(hits->arena, db_column(statement, at), out);
}

static int
fill(const struct hits *hits, sqlite3_stmt *statement, bool is_current,
    struct hits_page *hit)
{
	struct str text = db_column(statement, 3);

	*hit = (struct hits_page){ 0 };
	if (!is_current)
		return copy(hits, statement, 0, &hit->path) == -1 ||
			copy(hits, statement, 1, &hit->title) == -1
		    ? -1
		    : 0;
	if (text.len == 0)
		text = db_column(statement, 4);
	return copy(hits, statement, 0, &hit->path) == -1 ||
		copy(hits, statement, 1, &hit->title) == -1 ||
		copy(hits, statement, 2, &hit->heading) == -1 ||
		passage_find(hits->plan, hits->worth, text, &hit->passage) == -1
	    ? -1
	    : 0;
}

/*
 * Whether a found page still exists, and has the text of the index: text that
 * was removed is not shown while the index is out of date.
 */
static bool
is_there(const struct hits *hits, const struct filerow *row, bool *is_current)
{
	struct entry entry;
	enum status status;

	*is_current = true;
	if (hits->tree == NULL)
		return true;
	*is_current = false;
	status = tree_find(hits->tree, row->path, &entry);
	if (status == STATUS_SUCCESS) {
		close(entry.fd);
		*is_current = filerow_has_same_text(row, &entry.st);
	}
	/* A failing disk does not mean that the page is gone. */
	return status != STATUS_NOT_FOUND;
}

int
hits_show(const struct hits *hits, sqlite3_stmt *statement, sqlite3_int64 row)
{
	struct hits_result *result = hits->result;
	bool is_current;
	int shown = -1;

	sqlite3_bind_int64(statement, 1, row);
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		shown = is_there(hits,
		    &(struct filerow){ .path = db_column(statement, 0),
			.size = sqlite3_column_int64(statement, 5),
			.mtime = sqlite3_column_int64(statement, 6) },
		    &is_current);
		if (shown == 1 &&
		    fill(hits, statement, is_current,
			&result->hits[result->count]) == -1)
			shown = -1;
		break;
	/* The page was removed after its row was found. */
	case SQLITE_DONE: shown = 0; break;
	default: break;
	}
	(void)sqlite3_reset(statement);
	return shown;
}

int
hits_list(const struct hits *hits, size_t most)
{
	sqlite3_stmt *statement = db_prepare(hits->db,
	    "SELECT path, title FROM file WHERE title IS NOT NULL"
	    " ORDER BY path LIMIT ?1");
	struct hits_result *result = hits->result;
	int step = SQLITE_ERROR;

	if (statement == NULL)
		return -1;
	/* More than are shown, as some may be gone. */
	sqlite3_bind_int(statement, 1, (int)most);
	result->count = 0;
	while (result->count < HITS_SHOWN &&
	    (step = sqlite3_step(statement)) == SQLITE_ROW) {
		struct hits_page *hit = &result->hits[result->count];
		const struct filerow row = { .path = db_column(statement, 0) };
		bool is_current;

		if (!is_there(hits, &row, &is_current))
			continue;
		*hit = (struct hits_page){ 0 };
		if (copy(hits, statement, 0, &hit->path) == -1 ||
		    copy(hits, statement, 1, &hit->title) == -1)
			break;
		result->count++;
	}
	sqlite3_finalize(statement);
	if (step == SQLITE_DONE || result->count == HITS_SHOWN)
		return 0;
	errno = db_errno(hits->db);
	return -1;
}
