/*
 * The next index, while it is written.  Knows what is put where, and how it
 * comes from the last one; knows nothing of the tree.
 */
#include "tree/catalogdraft.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* Files that are gone and remembered. */
#define GONE_MAX "10000"

#define SECTIONS_OF_1 "BETWEEN ?1 << 16 AND (?1 << 16) + 65535"

/* FTS5 wants to be told what it is to forget. */
static const char *const sql[DRAFT_STATEMENTS] = {
	[DRAFT_FIND] = "SELECT id, size, mtime, ctime, inode, hash IS NOT NULL,"
		       " due FROM file WHERE path = ?1",
	[DRAFT_LIST] = "SELECT id FROM file",
	/* '0' is the byte after '/': this range has all paths beneath ?1. */
	[DRAFT_LIST_BENEATH] = "SELECT id FROM file WHERE path = ?1"
			       " OR (path > CAST(?1 || '/' AS BLOB)"
			       " AND path < CAST(?1 || '0' AS BLOB))",
	[DRAFT_DUE] = "SELECT id, size, mtime, ctime, inode, 0, due, path"
		      " FROM file WHERE due > 0 ORDER BY due DESC, id LIMIT 1",
	[DRAFT_ADD_FILE] = "INSERT INTO file VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
			   " ?8, ?9)",
	[DRAFT_ADD_SECTION] = "INSERT INTO section VALUES(?1, ?3, ?4, ?5)",
	[DRAFT_ADD_WORDS] = "INSERT INTO words(rowid, title, heading, text,"
			    " links) VALUES(?1, ?2, ?3, ?4, ?5)",
	[DRAFT_ADD_FORM] = "INSERT OR IGNORE INTO form VALUES(?1, ?2)",
	[DRAFT_DROP_WORDS] = "INSERT INTO words(words, rowid, title, heading,"
			     " text, links) SELECT 'delete', section.id, title,"
			     " heading, text, links FROM section, file WHERE"
			     " file.id = ?1 AND section.id " SECTIONS_OF_1,
	[DRAFT_DROP_SECTIONS] = "DELETE FROM section WHERE id " SECTIONS_OF_1,
	[DRAFT_DROP_FILE] = "DELETE FROM file WHERE id = ?1",
	[DRAFT_NOTE_GONE] = "INSERT OR REPLACE INTO gone"
			    " SELECT path, ?2 FROM file WHERE id = ?1",
	[DRAFT_FORGET_GONE] = "DELETE FROM gone WHERE path = ?1",
	[DRAFT_SET_HASH] = "UPDATE file SET hash = ?2, due = 0,"
			   " inode = iif(?2 IS NULL, -1, inode) WHERE id = ?1",
};

static int64_t
ns_of(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/*
 * When the file was changed last, or 0 when it may change once more in the
 * same tick of the file system's clock, which would look like no change.
 */
static int64_t
changed(const struct stat *st)
{
	int64_t tick = st->st_ctim.tv_nsec == 0 ? 3000000000 : 50000000;
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    ns_of(&now) - ns_of(&st->st_ctim) < tick)
		return 0;
	return ns_of(&st->st_ctim);
}

struct catalogrow
catalogdraft_row(const struct stat *st)
{
	return (struct catalogrow){
		.size = st->st_size,
		.mtime = ns_of(&st->st_mtim),
		.ctime = changed(st),
		.inode = (int64_t)st->st_ino,
	};
}

bool
catalogdraft_is_same(const struct catalogrow *row, const struct stat *st)
{
	return row->size == st->st_size && row->mtime == ns_of(&st->st_mtim) &&
	    row->inode == (int64_t)st->st_ino;
}

bool
catalogdraft_is_settled(const struct catalogrow *row, const struct stat *st)
{
	return catalogdraft_is_same(row, st) &&
	    row->ctime == ns_of(&st->st_ctim);
}

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
		draft->statements[i] = catalogdb_prepare(draft->db, sql[i]);
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
	draft->has_other_words = false;
	memset(&draft->forms, 0, sizeof draft->forms);
	draft->forms.words = draft->words;
	draft->forms.add = draft->statements[DRAFT_ADD_FORM];
	return 0;
}

static int
set_total(struct catalogdraft *draft, bool waits)
{
	sqlite3_stmt *statement = catalogdb_prepare(draft->db,
	    "INSERT INTO total SELECT count(*), total(size),"
	    " ?1 OR EXISTS(SELECT 1 FROM file WHERE due > 1) FROM file");
	int result = -1;

	if (statement != NULL &&
	    sqlite3_bind_int(statement, 1, waits) == SQLITE_OK)
		result = catalogdb_do(statement);
	sqlite3_finalize(statement);
	return result;
}

static int
count_terms(struct catalogdraft *draft)
{
	if (!draft->has_other_words)
		return 0;
	return catalogdb_run(draft->db,
	    "DELETE FROM term; INSERT INTO term"
	    " SELECT CAST(term AS BLOB), doc FROM vocabulary"
	    " WHERE length(CAST(term AS BLOB)) <= 64");
}

int
catalogdraft_finish(struct catalogdraft *draft, bool is_first, bool waits)
{
	int fd = draft->fd;

	/* One segment is faster to ask than many; once is enough. */
	if (is_first &&
	    catalogdb_run(
		draft->db, "INSERT INTO words(words) VALUES('optimize')") == -1)
		return fail(draft);
	if (count_terms(draft) == -1 ||
	    catalogdb_run(draft->db,
		"DELETE FROM gone WHERE path IN (SELECT path FROM gone"
		" ORDER BY time DESC LIMIT -1 OFFSET " GONE_MAX ");"
		"DELETE FROM total") == -1 ||
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
		.due = (enum catalogdraft_due)sqlite3_column_int(statement, 6),
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

int64_t
catalogdraft_next_gone(struct catalogdraft *draft, const struct bitset *seen)
{
	sqlite3_stmt *statement = draft->statements[DRAFT_LIST];
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (!bitset_has(seen, (uint64_t)id))
			return id;
	}
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : fail(draft);
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
	return catalogdb_do(statement) == -1 ||
		catalogdb_do(draft->statements[DRAFT_FORGET_GONE]) == -1
	    ? fail(draft)
	    : 0;
}

int
catalogdraft_add_section(struct catalogdraft *draft,
    const struct catalogrow *page, int64_t place, const struct section *section)
{
	struct catalogforms *forms = &draft->forms;
	struct str heading = section->heading;

	draft->has_other_words = true;
	/* The title tells the same already, and tells it louder. */
	if (str_equals(heading, page->title))
		heading = STR("");
	for (int i = DRAFT_ADD_SECTION; i <= DRAFT_ADD_WORDS; i++) {
		sqlite3_stmt *statement = draft->statements[i];

		sqlite3_bind_int64(
		    statement, 1, (page->id << CATALOGDB_SECTION_BITS) + place);
		if (i == DRAFT_ADD_WORDS)
			catalogdb_bind_text(statement, 2, page->title);
		catalogdb_bind_text(statement, 3, heading);
		catalogdb_bind_text(statement, 4, section->text);
		catalogdb_bind_text(statement, 5, section->links);
		if (catalogdb_do(statement) == -1)
			return fail(draft);
	}
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

int
catalogdraft_remove(struct catalogdraft *draft, int64_t id, bool is_gone)
{
	sqlite3_stmt *note = draft->statements[DRAFT_NOTE_GONE];

	if (is_gone) {
		sqlite3_bind_int64(note, 1, id);
		sqlite3_bind_int64(note, 2, time(NULL));
		if (catalogdb_do(note) == -1)
			return fail(draft);
	}
	for (int i = DRAFT_DROP_WORDS; i <= DRAFT_DROP_FILE; i++) {
		sqlite3_bind_int64(draft->statements[i], 1, id);
		if (catalogdb_do(draft->statements[i]) == -1)
			return fail(draft);
		draft->has_other_words |=
		    i == DRAFT_DROP_SECTIONS && sqlite3_changes(draft->db) > 0;
	}
	return 0;
}
