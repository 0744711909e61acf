/* Writes the index in transactions. */
#include "index/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "index/db.h"
#include "index/tokenizer.h"

/* Removed files that are remembered. */
#define GONE_MAX "10000"
/* Files in one transaction, which needs twice its space until it ends. */
#define PAGES_MAX 256

int
tables_fail(struct tables *tables)
{
	errno = db_errno(tables->db);
	tables->is_damaged |= errno == EBADMSG;
	return -1;
}

void
tables_close(struct tables *tables)
{
	int error = errno;

	for (size_t i = 0; i < SQL_STATEMENTS; i++) {
		sqlite3_finalize(tables->statements[i]);
		tables->statements[i] = NULL;
	}
	sqlite3_close(tables->db);
	tokenizer_close(tables->tokenizer);
	free(tables->forms);
	tables->db = NULL;
	tables->tokenizer = NULL;
	tables->forms = NULL;
	tables->is_open = tables->is_first = false;
	errno = error;
}

/* After a rollback the cache of stored words is no longer valid. */
static void
forget_forms(struct tables *tables)
{
	if (tables->forms != NULL)
		memset(tables->forms, 0, TABLES_FORMS * sizeof *tables->forms);
}

/* Opens the index, or creates one; -1 with errno set. */
static int
open_db(struct tables *tables, enum db_use use, bool english)
{
	int is_english;

	tables->is_damaged = false;
	tables->db = db_open(tables->place, use);
	if (tables->db == NULL)
		return -1;
	tables->tokenizer = tokenizer_open(tables->db, english);
	if (tables->tokenizer == NULL ||
	    (use == DB_BUILD &&
		db_create(tables->db, tables->place, english) == -1))
		return tables_fail(tables);
	is_english = db_is_english(tables->db, tables->place);
	if (is_english == -1)
		return -1;
	if (is_english != english) {
		errno = ESTALE;
		return -1;
	}
	for (size_t i = 0; i < SQL_STATEMENTS; i++) {
		tables->statements[i] = db_prepare(tables->db, sql_text[i]);
		if (tables->statements[i] != NULL)
			continue;
		(void)tables_fail(tables);
		/* An index without its tables counts as damaged. */
		if (sqlite3_errcode(tables->db) == SQLITE_ERROR)
			errno = EBADMSG;
		return -1;
	}
	tables->forms = calloc(TABLES_FORMS, sizeof *tables->forms);
	return tables->forms != NULL ? 0 : -1;
}

static int
open_or_close(struct tables *tables, enum db_use use, bool english)
{
	if (open_db(tables, use, english) == 0)
		return 0;
	tables_close(tables);
	return -1;
}

int
tables_open(struct tables *tables, bool english)
{
	if (db_exists(tables->place))
		return open_or_close(tables, DB_WRITE, english);
	errno = ENOENT;
	return -1;
}

int
tables_create(struct tables *tables, bool english)
{
	db_remove(tables->place);
	tables->is_first = open_or_close(tables, DB_BUILD, english) == 0;
	if (tables->is_first)
		return 0;
	db_remove(tables->place);
	return -1;
}

int
tables_begin(struct tables *tables)
{
	if (tables->is_open)
		return 0;
	tables->files = tables->bytes = tables->pages = 0;
	tables->has_gone = false;
	if (db_run(tables->db, "BEGIN") == -1)
		return tables_fail(tables);
	tables->is_open = true;
	return 0;
}

/* A statement that was not reset would keep its read transaction open. */
static void
reset_statements(struct tables *tables)
{
	for (size_t i = 0; i < SQL_STATEMENTS; i++)
		(void)sqlite3_reset(tables->statements[i]);
}

static int
set_total(struct tables *tables, bool waits)
{
	sqlite3_stmt *statement = db_prepare(tables->db,
	    "UPDATE total SET files = files + ?1, bytes = bytes + ?2, waits ="
	    " ?3 OR EXISTS(SELECT 1 FROM file WHERE due > 0 AND due > 1)");
	int result = -1;

	if (statement != NULL &&
	    sqlite3_bind_int64(statement, 1, tables->files) == SQLITE_OK &&
	    sqlite3_bind_int64(statement, 2, tables->bytes) == SQLITE_OK &&
	    sqlite3_bind_int(statement, 3, waits) == SQLITE_OK)
		result = db_do(statement);
	sqlite3_finalize(statement);
	return result;
}

static int
forget_some_gone(struct tables *tables)
{
	return !tables->has_gone
	    ? 0
	    : db_run(tables->db,
		  "DELETE FROM gone WHERE path IN (SELECT path FROM gone"
		  " ORDER BY time DESC LIMIT -1 OFFSET " GONE_MAX ")");
}

/* Moves an index that was built into place. */
static int
put_in_place(struct tables *tables)
{
	bool english = db_is_english(tables->db, tables->place) == 1;

	tables_close(tables);
	if (db_replace(tables->place) == 0)
		return tables_open(tables, english);
	db_remove(tables->place);
	return -1;
}

int
tables_commit(struct tables *tables, bool waits)
{
	if (!tables->is_open)
		return 0;
	reset_statements(tables);
	/* One segment is faster to query than many.  Merging once is enough. */
	if ((tables->is_first &&
		db_run(tables->db,
		    "INSERT INTO words(words) VALUES('optimize')") == -1) ||
	    forget_some_gone(tables) == -1 || set_total(tables, waits) == -1 ||
	    db_run(tables->db, "COMMIT") == -1)
		return tables_fail(tables);
	tables->is_open = false;
	return tables->is_first ? put_in_place(tables) : 0;
}

void
tables_rollback(struct tables *tables)
{
	if (tables->db == NULL || !tables->is_open)
		return;
	if (tables->is_first) {
		tables_close(tables);
		db_remove(tables->place);
		return;
	}
	reset_statements(tables);
	/*
	 * After some errors SQLite has rolled back by itself.  Without memory
	 * it cannot, but closing does.
	 */
	if (db_run(tables->db, "ROLLBACK") == -1 &&
	    !sqlite3_get_autocommit(tables->db))
		tables_close(tables);
	tables->is_open = false;
	forget_forms(tables);
}

int
tables_make_room(struct tables *tables)
{
	return tables->db == NULL || tables->is_open ||
		db_run(tables->db, "PRAGMA wal_checkpoint(TRUNCATE)") == -1
	    ? -1
	    : 0;
}

int
tables_make_wait(struct tables *tables)
{
	return db_run(tables->db, "UPDATE total SET waits = 1") == -1
	    ? tables_fail(tables)
	    : 0;
}

int
tables_add_file(struct tables *tables, const struct filerow *row)
{
	sqlite3_stmt *statement = tables->statements[SQL_ADD_FILE];

	sqlite3_clear_bindings(statement);
	sqlite3_bind_int64(statement, 1, row->id);
	db_bind_bytes(statement, 2, row->path);
	sqlite3_bind_int64(statement, 3, row->size);
	sqlite3_bind_int64(statement, 4, row->mtime);
	sqlite3_bind_int64(statement, 5, row->ctime);
	sqlite3_bind_int64(statement, 6, row->inode);
	if (row->title.at != NULL)
		db_bind_text(statement, 7, row->title);
	if (row->hashed)
		db_bind_bytes(statement, 8,
		    (struct str){ (const char *)row->hash, SHA256_SIZE });
	sqlite3_bind_int(statement, 9, (int)row->due);
	db_bind_bytes(tables->statements[SQL_FORGET_GONE], 1, row->path);
	tables->files++;
	tables->bytes += row->size;
	return db_do(statement) == -1 ||
		db_do(tables->statements[SQL_FORGET_GONE]) == -1
	    ? tables_fail(tables)
	    : 0;
}

int
tables_keep_file(struct tables *tables, const struct filerow *row)
{
	sqlite3_stmt *statement = tables->statements[SQL_KEEP_FILE];

	sqlite3_bind_int64(statement, 1, row->id);
	sqlite3_bind_int64(statement, 2, row->mtime);
	sqlite3_bind_int64(statement, 3, row->ctime);
	sqlite3_bind_int64(statement, 4, row->inode);
	return db_do(statement) == -1 ? tables_fail(tables) : 0;
}

/*
 * Stores an unstemmed word, and the word reversed.  The cache of hashes avoids
 * looking up the same word again; a word with the hash of another is lost,
 * which 64 bits make rare.
 */
static int
add_form(struct tables *tables, struct str word)
{
	sqlite3_stmt *statement = tables->statements[SQL_ADD_FORM];
	uint64_t hash = str_hash(word);
	uint64_t *known = &tables->forms[hash % TABLES_FORMS];
	char turned[WORDS_LONGEST];

	if (*known == hash)
		return 0;
	*known = hash;
	for (size_t i = 0; i < word.len; i++)
		turned[i] = word.at[word.len - 1 - i];
	db_bind_bytes(statement, 1, word);
	db_bind_bytes(statement, 2, (struct str){ turned, word.len });
	return db_do(statement);
}

static int
add_forms(struct tables *tables, struct str text)
{
	struct words_reader words = tokenizer_words(tables->tokenizer, text);

	for (; words_next(&words); tables->form_count++)
		if (words.kind == WORDS_WORD &&
		    add_form(tables, (struct str){ words.word, words.len }) ==
			-1)
			return -1;
	return 0;
}

int
tables_add_section(struct tables *tables, const struct filerow *page,
    int64_t place, const struct section *section)
{
	sqlite3_stmt *statement = tables->statements[SQL_ADD_SECTION];
	struct str heading = section->heading;

	/* The title has the same words and a higher weight. */
	if (str_equals(heading, page->title))
		heading = STR("");
	tables->form_count = 0;
	if (add_forms(tables, page->title) == -1 ||
	    add_forms(tables, heading) == -1 ||
	    add_forms(tables, section->text) == -1)
		return tables_fail(tables);
	/* The labels of links describe other pages. */
	sqlite3_bind_int64(
	    statement, 1, db_row(page->id, place, tables->form_count));
	db_bind_text(statement, 2, page->title);
	db_bind_text(statement, 3, heading);
	db_bind_text(statement, 4, section->text);
	db_bind_text(statement, 5, section->links);
	return db_do(statement) == -1 || add_forms(tables, section->links) == -1
	    ? tables_fail(tables)
	    : 0;
}

int
tables_set_hash(struct tables *tables, const struct filerow *row)
{
	sqlite3_stmt *statement = tables->statements[SQL_SET_HASH];

	sqlite3_clear_bindings(statement);
	db_bind_bytes(statement, 1, row->path);
	sqlite3_bind_int64(statement, 2, row->size);
	sqlite3_bind_int64(statement, 3, row->mtime);
	sqlite3_bind_int64(statement, 4, row->inode);
	if (row->hashed)
		db_bind_bytes(statement, 5,
		    (struct str){ (const char *)row->hash, SHA256_SIZE });
	return db_do(statement) == -1 ? tables_fail(tables) : 0;
}

static int
remove_sections(struct tables *tables, int64_t id)
{
	sqlite3_stmt *statement = tables->statements[SQL_DROP_SECTIONS];

	sqlite3_bind_int64(statement, 1, db_row(id, 0, 0));
	sqlite3_bind_int64(statement, 2, db_row(id + 1, 0, 0));
	return db_do(statement) == -1 ? tables_fail(tables) : 0;
}

static int
remove_file(struct tables *tables, int64_t id)
{
	sqlite3_stmt *statement = tables->statements[SQL_DROP_FILE];
	int result;

	sqlite3_bind_int64(statement, 1, id);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		tables->files--;
		tables->bytes -= sqlite3_column_int64(statement, 0);
	}
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : tables_fail(tables);
}

int
tables_remove(struct tables *tables, int64_t id, bool is_gone)
{
	sqlite3_stmt *note = tables->statements[SQL_NOTE_GONE];

	if (is_gone) {
		sqlite3_bind_int64(note, 1, id);
		sqlite3_bind_int64(note, 2, time(NULL));
		tables->has_gone = true;
		if (db_do(note) == -1)
			return tables_fail(tables);
	}
	return remove_sections(tables, id) == -1 ||
		remove_file(tables, id) == -1
	    ? -1
	    : 0;
}

int
tables_end_page(struct tables *tables)
{
	/* Lists of files wait until the scan ends. */
	if (!tables->is_first && ++tables->pages == PAGES_MAX)
		return tables_commit(tables, true) == -1 ? -1
							 : tables_begin(tables);
	return 0;
}
