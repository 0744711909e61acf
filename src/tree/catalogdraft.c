/* The next index, while it is made from the last one. */
#include "tree/catalogdraft.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* Files that are gone and remembered. */
#define GONE_MAX "10000"

/* What SQLite failed at, as the system's number. */
static int
fail(const struct catalogdraft *draft)
{
	int code =
	    draft->db != NULL ? sqlite3_errcode(draft->db) : SQLITE_NOMEM;

	errno = code == SQLITE_FULL ? ENOSPC
	    : code == SQLITE_NOMEM  ? ENOMEM
				    : EIO;
	return -1;
}

static void
close_db(struct catalogdraft *draft)
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
}

/* Opens an index; in a blank file its tables are made first. */
static int
open_db(struct catalogdraft *draft, int fd, bool english, bool is_blank)
{
	draft->db = catalogdb_open(fd, draft->fd != -1);
	if (draft->db == NULL)
		return -1;
	draft->words = catalogwords_open(draft->db, english);
	if (draft->words == NULL ||
	    (is_blank && catalogdb_create(draft->db, english) == -1) ||
	    catalogdb_is_english(draft->db) != english)
		return -1;
	for (size_t i = 0; i < DRAFT_STATEMENTS; i++) {
		draft->statements[i] = catalogdb_prepare(draft->db, catalogsql_text[i]);
		if (draft->statements[i] == NULL)
			return -1;
	}
	return 0;
}

static int
copy(int from, int to)
{
	static char bytes[1 << 16];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(from, bytes, sizeof bytes, at)) > 0) {
		for (ssize_t done = 0; done < got;) {
			ssize_t put = pwrite(
			    to, bytes + done, (size_t)(got - done), at + done);

			if (put == -1)
				return -1;
			done += put;
		}
		at += got;
	}
	return (int)got;
}

int
catalogdraft_read(struct catalogdraft *draft, int fd, bool english)
{
	draft->fd = -1;
	return open_db(draft, fd, english, false) == -1 ? fail(draft) : 0;
}

static void
on_term(void *context, struct str term)
{
	catalogterms_add(context, term);
}

int
catalogdraft_write(struct catalogdraft *draft, int from, int fd, bool english)
{
	close_db(draft);
	draft->fd = fd;
	if (from != -1 && copy(from, fd) == -1)
		return -1;
	if (open_db(draft, fd, english, from == -1) == -1 ||
	    catalogdb_run(draft->db, "BEGIN") == -1)
		return fail(draft);
	draft->is_first = from == -1;
	draft->files = draft->bytes = 0;
	draft->has_gone = false;
	catalogwords_tell(draft->words, on_term, &draft->terms);
	memset(&draft->forms, 0, sizeof draft->forms);
	draft->forms.words = draft->words;
	draft->forms.add = draft->statements[DRAFT_ADD_FORM];
	return 0;
}

static int
set_total(struct catalogdraft *draft, bool waits)
{
	sqlite3_stmt *statement = catalogdb_prepare(draft->db,
	    "UPDATE total SET files = files + ?1, bytes = bytes + ?2, waits ="
	    " ?3 OR EXISTS(SELECT 1 FROM file WHERE due > 1)");
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

/* All rows at once, which is faster than the differences of each. */
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

int
catalogdraft_finish(struct catalogdraft *draft, bool waits)
{
	int fd = draft->fd;

	/* One segment is faster to ask than many; once is enough. */
	if (draft->is_first &&
	    (catalogdb_run(draft->db,
		 "INSERT INTO words(words) VALUES('optimize')") == -1 ||
		count_terms(draft) == -1))
		return fail(draft);
	if (write_terms(draft) == -1 || forget_some_gone(draft) == -1 ||
	    set_total(draft, waits) == -1 ||
	    catalogdb_run(draft->db, "COMMIT") == -1)
		return fail(draft);
	close_db(draft);
	draft->fd = -1;
	return fd;
}

void
catalogdraft_drop(struct catalogdraft *draft)
{
	close_db(draft);
	if (draft->fd != -1)
		close(draft->fd);
	draft->fd = -1;
}

/* The one number that a query gives. */
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
	return result == -1 ? fail(draft) : 0;
}

int
catalogdraft_waits_in_vain(struct catalogdraft *draft)
{
	int64_t in_vain;

	return number(draft,
		   "SELECT NOT EXISTS(SELECT 1 FROM total WHERE waits = 0)"
		   " AND NOT EXISTS(SELECT 1 FROM file WHERE due > 1)",
		   &in_vain) == -1
	    ? -1
	    : in_vain != 0;
}

int
catalogdraft_next_id(struct catalogdraft *draft, int64_t *out)
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
	return (struct catalogrow){
		.id = sqlite3_column_int64(statement, 0),
		.size = sqlite3_column_int64(statement, 1),
		.mtime = sqlite3_column_int64(statement, 2),
		.ctime = sqlite3_column_int64(statement, 3),
		.inode = sqlite3_column_int64(statement, 4),
		.hashed = sqlite3_column_int(statement, 5) != 0,
		.due = (enum catalogrow_due)sqlite3_column_int(statement, 6),
	};
}

struct catalogrow
catalogdraft_find(struct catalogdraft *draft, struct str path)
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
catalogdraft_see_beneath(
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
	return result == SQLITE_DONE ? 0 : fail(draft);
}

void
catalogdraft_list_gone(struct catalogdraft *draft, struct str path)
{
	draft->list = path.len > 0 ? DRAFT_LIST_BENEATH : DRAFT_LIST;
	(void)sqlite3_reset(draft->statements[draft->list]);
	if (path.len > 0)
		catalogdb_bind_bytes(draft->statements[draft->list], 1, path);
}

int64_t
catalogdraft_next_gone(struct catalogdraft *draft, const struct bitset *seen)
{
	sqlite3_stmt *statement = draft->statements[draft->list];
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (!bitset_has(seen, (uint64_t)id))
			return id;
	}
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : fail(draft);
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
				     : fail(draft);
}

int
catalogdraft_list_inode(struct catalogdraft *draft, int64_t inode,
    const struct bitset *seen, struct pathlist *out)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_LIST_INODE];

	sqlite3_bind_int64(statement, 1, inode);
	return add_paths(draft, statement, seen, out);
}

int
catalogdraft_list_unsettled(struct catalogdraft *draft,
    const struct bitset *seen, struct pathlist *out)
{
	return add_paths(
	    draft, draft->statements[DRAFT_LIST_UNSETTLED], seen, out);
}

int
catalogdraft_next_due(struct catalogdraft *draft, struct catalogrow *out)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_DUE];
	int result;

	*out = (struct catalogrow){ 0 };
	(void)sqlite3_reset(statement);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		*out = read_row(statement);
		out->path = catalogdb_column(statement, 7);
	}
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : fail(draft);
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
	    ? fail(draft)
	    : 0;
}

/* Adds or removes a row of words, and counts its terms. */
static int
change_row(struct catalogdraft *draft, sqlite3_stmt *statement, int change)
{
	int result, counted;

	catalogterms_begin_row(&draft->terms, draft->is_first ? 0 : change);
	result = catalogdb_do(statement);
	counted = catalogterms_end_row(&draft->terms);
	if (result == -1)
		return fail(draft);
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

	/* The title tells the same already, and tells it louder. */
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
	    ? fail(draft)
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
	return catalogdb_do(statement) == -1 ? fail(draft) : 0;
}

/* The sections of a page are numbered from 0, without a gap. */
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
	return result == SQLITE_DONE ? 0 : fail(draft);
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
			return fail(draft);
	}
	return remove_sections(draft, id) == -1 || remove_file(draft, id) == -1
	    ? -1
	    : 0;
}

int
catalogdraft_end_page(struct catalogdraft *draft)
{
	return catalogterms_is_large(&draft->terms) && write_terms(draft) == -1
	    ? fail(draft)
	    : 0;
}
