/* Writes the index in transactions. */
#include "tree/catalogdraft.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* Removed files that are remembered. */
#define GONE_MAX "10000"
/*
 * Files in one transaction, which needs its space on disk twice until it ends.
 */
#define PAGES_MAX 256

int
catalogdraft_fail(struct catalogdraft *draft)
{
	errno = catalogdb_errno(draft->db);
	draft->is_damaged |= errno == EBADMSG;
	return -1;
}

void
catalogdraft_close(struct catalogdraft *draft)
{
	for (size_t i = 0; i < DRAFT_STATEMENTS; i++) {
		sqlite3_finalize(draft->statements[i]);
		draft->statements[i] = NULL;
	}
	sqlite3_close(draft->db);
	catalogwords_close(draft->words);
	catalogterms_release(&draft->terms);
	draft->db = NULL;
	draft->words = NULL;
	draft->is_open = draft->is_first = false;
}

static void
on_term(void *context, struct str term)
{
	catalogterms_add(context, term);
}

/* After a rollback the cache of stored words is no longer valid. */
static void
forget_forms(struct catalogdraft *draft)
{
	memset(&draft->forms, 0, sizeof draft->forms);
	draft->forms.words = draft->words;
	draft->forms.add = draft->statements[DRAFT_ADD_FORM];
}

/* Opens the index, or creates one; -1 with errno set. */
static int
open_db(struct catalogdraft *draft, enum catalogdb_use use, bool english)
{
	draft->is_damaged = false;
	draft->db = catalogdb_open(draft->place, use);
	if (draft->db == NULL)
		return -1;
	draft->words = catalogwords_open(draft->db, english);
	if (draft->words == NULL ||
	    (use == CATALOGDB_BUILD &&
		catalogdb_create(draft->db, english) == -1))
		return catalogdraft_fail(draft);
	if (catalogdb_is_english(draft->db) != english) {
		errno = EBADMSG;
		return -1;
	}
	for (size_t i = 0; i < DRAFT_STATEMENTS; i++) {
		draft->statements[i] =
		    catalogdb_prepare(draft->db, catalogsql_text[i]);
		if (draft->statements[i] != NULL)
			continue;
		(void)catalogdraft_fail(draft);
		/* An index without its tables counts as damaged. */
		if (sqlite3_errcode(draft->db) == SQLITE_ERROR)
			errno = EBADMSG;
		return -1;
	}
	catalogwords_tell(draft->words, on_term, &draft->terms);
	forget_forms(draft);
	return 0;
}

static int
open_or_close(struct catalogdraft *draft, enum catalogdb_use use, bool english)
{
	int error;

	if (open_db(draft, use, english) == 0)
		return 0;
	error = errno;
	catalogdraft_close(draft);
	errno = error;
	return -1;
}

int
catalogdraft_open(struct catalogdraft *draft, bool english)
{
	if (catalogdb_exists(draft->place))
		return open_or_close(draft, CATALOGDB_WRITE, english);
	errno = ENOENT;
	return -1;
}

int
catalogdraft_create(struct catalogdraft *draft, bool english)
{
	int error;

	catalogdb_remove(draft->place);
	if (open_or_close(draft, CATALOGDB_BUILD, english) == 0) {
		draft->is_first = true;
		return 0;
	}
	error = errno;
	catalogdb_remove(draft->place);
	errno = error;
	return -1;
}

int
catalogdraft_begin(struct catalogdraft *draft)
{
	if (draft->is_open)
		return 0;
	draft->files = draft->bytes = draft->pages = 0;
	draft->has_gone = false;
	if (catalogdb_run(draft->db, "BEGIN") == -1)
		return catalogdraft_fail(draft);
	draft->is_open = true;
	return 0;
}

/* A statement that was not reset would keep its read transaction open. */
static void
reset_statements(struct catalogdraft *draft)
{
	for (size_t i = 0; i < DRAFT_STATEMENTS; i++)
		(void)sqlite3_reset(draft->statements[i]);
}

static int
set_total(struct catalogdraft *draft, bool waits)
{
	sqlite3_stmt *statement = catalogdb_prepare(draft->db,
	    "UPDATE total SET files = files + ?1, bytes = bytes + ?2, waits ="
	    " ?3 OR EXISTS(SELECT 1 FROM file WHERE due > 0 AND due > 1)");
	int result = -1;

	if (statement != NULL &&
	    sqlite3_bind_int64(statement, 1, draft->files) == SQLITE_OK &&
	    sqlite3_bind_int64(statement, 2, draft->bytes) == SQLITE_OK &&
	    sqlite3_bind_int(statement, 3, waits) == SQLITE_OK)
		result = catalogdb_do(statement);
	sqlite3_finalize(statement);
	return result;
}

static int
write_terms(struct catalogdraft *draft)
{
	return catalogterms_write(&draft->terms,
	    draft->statements[DRAFT_ADD_TERM],
	    draft->statements[DRAFT_DROP_TERM]);
}

/* Counts all rows at once, which is faster than adding up differences. */
static int
count_terms(struct catalogdraft *draft)
{
	return catalogdb_run(draft->db,
	    "INSERT INTO term"
	    " SELECT CAST(term AS BLOB), doc FROM vocabulary"
	    " WHERE length(CAST(term AS BLOB)) <= 64");
}

static int
forget_some_gone(struct catalogdraft *draft)
{
	return !draft->has_gone
	    ? 0
	    : catalogdb_run(draft->db,
		  "DELETE FROM gone WHERE path IN (SELECT path FROM gone"
		  " ORDER BY time DESC LIMIT -1 OFFSET " GONE_MAX ")");
}

/* Moves an index that was built into place. */
static int
put_in_place(struct catalogdraft *draft)
{
	bool english = catalogdb_is_english(draft->db) == 1;
	int error;

	catalogdraft_close(draft);
	if (catalogdb_replace(draft->place) == 0)
		return catalogdraft_open(draft, english);
	error = errno;
	catalogdb_remove(draft->place);
	errno = error;
	return -1;
}

static int
commit(struct catalogdraft *draft, bool waits)
{
	reset_statements(draft);
	/* One segment is faster to query than many.  Merging once is enough. */
	if (draft->is_first &&
	    (catalogdb_run(draft->db,
		 "INSERT INTO words(words) VALUES('optimize')") == -1 ||
		count_terms(draft) == -1))
		return catalogdraft_fail(draft);
	if (write_terms(draft) == -1 || forget_some_gone(draft) == -1 ||
	    set_total(draft, waits) == -1 ||
	    catalogdb_run(draft->db, "COMMIT") == -1)
		return catalogdraft_fail(draft);
	draft->is_open = false;
	return draft->is_first ? put_in_place(draft) : 0;
}

int
catalogdraft_commit(struct catalogdraft *draft, bool waits)
{
	return draft->is_open ? commit(draft, waits) : 0;
}

void
catalogdraft_rollback(struct catalogdraft *draft)
{
	if (draft->db == NULL || !draft->is_open)
		return;
	if (draft->is_first) {
		catalogdraft_close(draft);
		catalogdb_remove(draft->place);
		return;
	}
	reset_statements(draft);
	/* After some errors SQLite has rolled back by itself. */
	draft->is_damaged |= catalogdb_run(draft->db, "ROLLBACK") == -1 &&
	    !sqlite3_get_autocommit(draft->db);
	draft->is_open = false;
	catalogterms_release(&draft->terms);
	forget_forms(draft);
}

int
catalogdraft_make_room(struct catalogdraft *draft)
{
	return draft->db == NULL || draft->is_open ||
		catalogdb_run(draft->db, "PRAGMA wal_checkpoint(TRUNCATE)") ==
		    -1
	    ? -1
	    : 0;
}

int
catalogdraft_wait_for_look(struct catalogdraft *draft)
{
	return catalogdb_run(draft->db, "UPDATE total SET waits = 1") == -1
	    ? catalogdraft_fail(draft)
	    : 0;
}

int
catalogdraft_add_file(struct catalogdraft *draft, const struct catalogrow *row)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_ADD_FILE];

	sqlite3_clear_bindings(statement);
	sqlite3_bind_int64(statement, 1, row->id);
	catalogdb_bind_bytes(statement, 2, row->path);
	sqlite3_bind_int64(statement, 3, row->size);
	sqlite3_bind_int64(statement, 4, row->mtime);
	sqlite3_bind_int64(statement, 5, row->ctime);
	sqlite3_bind_int64(statement, 6, row->inode);
	if (row->title.at != NULL)
		catalogdb_bind_text(statement, 7, row->title);
	if (row->hashed)
		catalogdb_bind_bytes(statement, 8,
		    (struct str){ (const char *)row->hash, SHA256_SIZE });
	sqlite3_bind_int(statement, 9, (int)row->due);
	catalogdb_bind_bytes(
	    draft->statements[DRAFT_FORGET_GONE], 1, row->path);
	draft->files++;
	draft->bytes += row->size;
	return catalogdb_do(statement) == -1 ||
		catalogdb_do(draft->statements[DRAFT_FORGET_GONE]) == -1
	    ? catalogdraft_fail(draft)
	    : 0;
}

int
catalogdraft_keep_file(struct catalogdraft *draft, const struct catalogrow *row)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_KEEP_FILE];

	sqlite3_bind_int64(statement, 1, row->id);
	sqlite3_bind_int64(statement, 2, row->mtime);
	sqlite3_bind_int64(statement, 3, row->ctime);
	sqlite3_bind_int64(statement, 4, row->inode);
	return catalogdb_do(statement) == -1 ? catalogdraft_fail(draft) : 0;
}

/* Adds or removes a row of `words`, and counts its terms. */
static int
change_row(struct catalogdraft *draft, sqlite3_stmt *statement, int change)
{
	int result, counted;

	catalogterms_begin_row(&draft->terms, draft->is_first ? 0 : change);
	result = catalogdb_do(statement);
	counted = catalogterms_end_row(&draft->terms);
	if (result == -1)
		return catalogdraft_fail(draft);
	errno = ENOMEM;
	return counted;
}

int
catalogdraft_add_section(struct catalogdraft *draft,
    const struct catalogrow *page, int64_t place, const struct section *section)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_ADD_SECTION];
	struct catalogforms *forms = &draft->forms;
	struct str heading = section->heading;

	/* The title has the same words and a higher weight. */
	if (str_equals(heading, page->title))
		heading = STR("");
	sqlite3_bind_int64(
	    statement, 1, (page->id << CATALOGDB_SECTION_BITS) + place);
	catalogdb_bind_text(statement, 2, page->title);
	catalogdb_bind_text(statement, 3, heading);
	catalogdb_bind_text(statement, 4, section->text);
	catalogdb_bind_text(statement, 5, section->links);
	if (change_row(draft, statement, 1) == -1)
		return -1;
	return catalogforms_add(forms, page->title) == -1 ||
		catalogforms_add(forms, heading) == -1 ||
		catalogforms_add(forms, section->text) == -1 ||
		catalogforms_add(forms, section->links) == -1
	    ? catalogdraft_fail(draft)
	    : 0;
}

int
catalogdraft_set_hash(
    struct catalogdraft *draft, int64_t id, const unsigned char *hash)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_SET_HASH];

	sqlite3_bind_int64(statement, 1, id);
	if (hash != NULL)
		catalogdb_bind_bytes(statement, 2,
		    (struct str){ (const char *)hash, SHA256_SIZE });
	else
		sqlite3_bind_null(statement, 2);
	return catalogdb_do(statement) == -1 ? catalogdraft_fail(draft) : 0;
}

/* Sections are numbered from 0 without gaps. */
static int
remove_sections(struct catalogdraft *draft, int64_t id)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_DROP_SECTION];

	for (int64_t i = 0; i < 1 << CATALOGDB_SECTION_BITS; i++) {
		sqlite3_bind_int64(
		    statement, 1, (id << CATALOGDB_SECTION_BITS) + i);
		if (change_row(draft, statement, -1) == -1)
			return -1;
		if (sqlite3_changes(draft->db) == 0)
			break;
	}
	return 0;
}

static int
remove_file(struct catalogdraft *draft, int64_t id)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_DROP_FILE];
	int result;

	sqlite3_bind_int64(statement, 1, id);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		draft->files--;
		draft->bytes -= sqlite3_column_int64(statement, 0);
	}
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : catalogdraft_fail(draft);
}

int
catalogdraft_remove(struct catalogdraft *draft, int64_t id, bool is_gone)
{
	sqlite3_stmt *note = draft->statements[DRAFT_NOTE_GONE];

	if (is_gone) {
		sqlite3_bind_int64(note, 1, id);
		sqlite3_bind_int64(note, 2, time(NULL));
		draft->has_gone = true;
		if (catalogdb_do(note) == -1)
			return catalogdraft_fail(draft);
	}
	return remove_sections(draft, id) == -1 || remove_file(draft, id) == -1
	    ? -1
	    : 0;
}

int
catalogdraft_end_page(struct catalogdraft *draft)
{
	/* Lists of files wait until the scan ends. */
	if (!draft->is_first && ++draft->pages == PAGES_MAX)
		return commit(draft, true) == -1 ? -1
						 : catalogdraft_begin(draft);
	return catalogterms_is_large(&draft->terms) && write_terms(draft) == -1
	    ? catalogdraft_fail(draft)
	    : 0;
}
