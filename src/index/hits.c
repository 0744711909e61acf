/* Reads title, heading and passage of the pages that were found. */
#include "index/hits.h"

#include <assert.h>
#include <unistd.h>

#include "index/db.h"
#include "index/filerow.h"

static_assert(DB_PAGE_SHIFT == 24, "the statements say 24");

#define COLUMNS " SELECT path, file.title, size, mtime, heading, "

/*
 * The text is shown, unless the labels of links alone match or the section has
 * no text.  FTS5 cuts a passage by words, which may be of any length.
 */
static const char show_sql[] = COLUMNS
    "trim(substr(replace("
    "snippet(words, iif(?3 OR text = '', 3, 2), '', '', '\xe2\x80\xa6', 32),"
    " char(10), ' '), 1, 320))"
    " FROM words, file"
    " WHERE words MATCH ?1 AND words.rowid = ?2 AND file.id = ?2 >> 24";

/*
 * The same without FTS5's search and its passage: the passage takes the square
 * of the occurrences in time, and the beginning of a word is looked up again
 * for each row.
 */
static const char plain_sql[] =
    "WITH shown AS (SELECT heading,"
    " trim(replace(iif(?3 OR text = '', links, text), char(10), ' ')) AS text"
    " FROM words WHERE rowid = ?2), place AS (SELECT heading, text,"
    " iif(instr(text, ?1) > 60, instr(text, ?1) - 20, 1) AS start FROM "
    "shown)" COLUMNS "iif(start > 1, '\xe2\x80\xa6', '')"
    " || trim(substr(text, start, 120))"
    " || iif(length(text) >= start + 120, '\xe2\x80\xa6', '')"
    " FROM place, file WHERE file.id = ?2 >> 24";

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

/*
 * Finds the place of a page: behind the others, or instead of one that has the
 * same passage.  False when that page is the better one.
 */
static bool
find_place(const struct hits *hits, const struct hits_row *row,
    const struct hits_seen *seen, size_t *place)
{
	for (*place = 0; *place < hits->seen_count; (*place)++) {
		const struct hits_seen *other = &hits->seen[*place];

		if (row->text <= 0 || other->passage != seen->passage ||
		    (other->is_titled && seen->is_titled))
			continue;
		return seen->is_titled ||
		    (!other->is_titled && seen->size < other->size);
	}
	return true;
}

/* Copies a column to the arena. */
static int
copy(const struct hits *hits, sqlite3_stmt *statement, int at, struct str *out)
{
	return arena_copy(hits->arena, db_column(statement, at), out);
}

/* Adds the page of the current row, unless it is left out; -1 on failure. */
static int
add(struct hits *hits, sqlite3_stmt *statement, const struct hits_row *row)
{
	const struct filerow file = { .path = db_column(statement, 0),
		.size = sqlite3_column_int64(statement, 2),
		.mtime = sqlite3_column_int64(statement, 3) };
	const struct hits_seen seen = { str_hash(db_column(statement, 5)),
		file.size, row->is_titled };
	struct hits_page *page;
	bool is_current;
	size_t place;

	if (!is_there(hits, &file, &is_current) ||
	    !find_place(hits, row, &seen, &place)) {
		hits->left_out++;
		return 0;
	}
	hits->left_out += place < hits->seen_count;
	hits->seen_count += place == hits->seen_count;
	hits->seen[place] = seen;
	if (place < hits->skip)
		return 0;
	page = &hits->pages[place - hits->skip];
	*page = (struct hits_page){ 0 };
	hits->count = hits->seen_count - hits->skip;
	return copy(hits, statement, 0, &page->path) == -1 ||
		copy(hits, statement, 1, &page->title) == -1 ||
		(is_current &&
		    (copy(hits, statement, 4, &page->heading) == -1 ||
			copy(hits, statement, 5, &page->passage) == -1))
	    ? -1
	    : 0;
}

/* Reads the page of a row; -1 on failure. */
static int
read_row(struct hits *hits, sqlite3_stmt *statement, const struct hits_row *row)
{
	int result = -1;

	if (statement == NULL)
		return -1;
	sqlite3_bind_int64(statement, 2, row->row);
	sqlite3_bind_int(statement, 3, row->is_label);
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW: result = add(hits, statement, row); break;
	/* The page was removed after its row was found. */
	case SQLITE_DONE:
		hits->left_out++;
		result = 0;
		break;
	default: break;
	}
	(void)sqlite3_reset(statement);
	return result;
}

int
hits_read(struct hits *hits, const struct hits_row *rows, size_t count)
{
	sqlite3_stmt *show = db_prepare(hits->db, show_sql);
	sqlite3_stmt *plain = db_prepare(hits->db, plain_sql);
	int result = 0;

	db_bind_text(show, 1, hits->match);
	db_bind_text(plain, 1, hits->word);
	for (size_t i = 0; i < count && result == 0 &&
	     hits->seen_count < HITS_MAX && hits->count < hits->most;
	     i++)
		result = read_row(hits,
		    hits->has_prefix || rows[i].is_dense ? plain : show,
		    &rows[i]);
	sqlite3_finalize(show);
	sqlite3_finalize(plain);
	return result;
}
