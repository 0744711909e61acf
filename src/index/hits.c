/* The pages that a search shows: those in the tree, with their passages. */
#include "index/hits.h"

#include <errno.h>
#include <unistd.h>

#include "index/db.h"
#include "index/filerow.h"

/* Copies a column to the arena. */
static int
copy(const struct hits *hits, sqlite3_stmt *statement, int at, struct str *out)
{
	return arena_copy(hits->arena, db_column(statement, at), out);
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

/* Fills in the page of the current row; 0 when it is gone, -1 on failure. */
static int
fill(const struct hits *hits, sqlite3_stmt *statement)
{
	struct hits_page *page = &hits->result->hits[hits->result->count];
	const struct filerow row = { .path = db_column(statement, 0),
		.size = sqlite3_column_int64(statement, 2),
		.mtime = sqlite3_column_int64(statement, 3) };
	bool is_current;

	if (!is_there(hits, &row, &is_current))
		return 0;
	*page = (struct hits_page){ 0 };
	if (copy(hits, statement, 0, &page->path) == -1 ||
	    copy(hits, statement, 1, &page->title) == -1 ||
	    (is_current &&
		(copy(hits, statement, 4, &page->heading) == -1 ||
		    copy(hits, statement, 5, &page->passage) == -1)))
		return -1;
	hits->result->count++;
	return 1;
}

/* FTS5 cuts a passage by words, which may be of any length. */
static const char show_sql[] =
    "SELECT path, file.title, size, mtime, heading, trim(substr(replace("
    "snippet(words, iif(text = '', 3, 2), '*', '*', '\xe2\x80\xa6', 32),"
    " char(10), ' '), 1, 320))"
    " FROM words, file"
    " WHERE words MATCH ?1 AND words.rowid = ?2 AND file.id = ?2 >> 16";

int
hits_show(const struct hits *hits, struct str match,
    const struct hits_row *rows, size_t count)
{
	sqlite3_stmt *statement = db_prepare(hits->db, show_sql);
	int shown = statement == NULL ? -1 : 0;

	db_bind_text(statement, 1, match);
	for (size_t i = 0;
	     i < count && shown != -1 && hits->result->count < HITS_SHOWN;
	     i++) {
		sqlite3_bind_int64(statement, 2, rows[i].row);
		switch (sqlite3_step(statement)) {
		case SQLITE_ROW: shown = fill(hits, statement); break;
		/* The page was removed after its row was found. */
		case SQLITE_DONE: shown = 0; break;
		default: shown = -1;
		}
		hits->result->found -= shown == 0;
		(void)sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return shown == -1 ? -1 : 0;
}

int
hits_list(const struct hits *hits, size_t most)
{
	sqlite3_stmt *statement = db_prepare(hits->db,
	    "SELECT path, title, NULL, NULL, NULL, NULL FROM file"
	    " WHERE title IS NOT NULL ORDER BY path LIMIT ?1");
	int step = SQLITE_ERROR;

	if (statement == NULL)
		return -1;
	/* More than are shown, as some may be gone. */
	sqlite3_bind_int(statement, 1, (int)most);
	hits->result->count = 0;
	while (hits->result->count < HITS_SHOWN &&
	    (step = sqlite3_step(statement)) == SQLITE_ROW)
		if (fill(hits, statement) == -1)
			break;
	sqlite3_finalize(statement);
	return step == SQLITE_DONE || hits->result->count == HITS_SHOWN ? 0
									: -1;
}
