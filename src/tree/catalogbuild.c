/*
 * The index in the making.  Knows when a file has changed and what of it is
 * searched; knows nothing of when to look, and nothing of questions.
 */
#include "tree/catalogbuild.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text/bitset.h"
#include "tree/catalogdb.h"
#include "tree/catalogforms.h"
#include "tree/catalogpage.h"
#include "tree/catalogwords.h"
#include "tree/walk.h"

#define SECTIONS_MAX ((int64_t)1 << CATALOGDB_SECTION_BITS)
/* Files that are gone and remembered. */
#define GONE_MAX "10000"
#define PAGE_MEMORY ((size_t)128 << 10)

enum {
	FIND,
	LIST,
	ADD_FILE,
	ADD_SECTION,
	ADD_WORDS,
	ADD_FORM,
	DROP_WORDS,
	DROP_SECTIONS,
	DROP_FILE,
	NOTE_GONE,
	FORGET_GONE,
	STATEMENTS,
};

#define SECTIONS_OF_1 "BETWEEN ?1 << 16 AND (?1 << 16) + 65535"

/* FTS5 wants to be told what it is to forget. */
static const char *const sql[STATEMENTS] = {
	[FIND] = "SELECT id, size, mtime, ctime, inode FROM file"
		 " WHERE path = ?1",
	[LIST] = "SELECT id FROM file",
	[ADD_FILE] = "INSERT INTO file VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
		     " ?8)",
	[ADD_SECTION] = "INSERT INTO section VALUES(?1, ?3, ?4, ?5)",
	[ADD_WORDS] = "INSERT INTO words(rowid, title, heading, text, links)"
		      " VALUES(?1, ?2, ?3, ?4, ?5)",
	[ADD_FORM] = "INSERT OR IGNORE INTO form VALUES(?1, ?2)",
	[DROP_WORDS] = "INSERT INTO words(words, rowid, title, heading, text,"
		       " links) SELECT 'delete', section.id, title, heading,"
		       " text, links FROM section, file WHERE file.id = ?1"
		       " AND section.id " SECTIONS_OF_1,
	[DROP_SECTIONS] = "DELETE FROM section WHERE id " SECTIONS_OF_1,
	[DROP_FILE] = "DELETE FROM file WHERE id = ?1",
	[NOTE_GONE] = "INSERT OR REPLACE INTO gone"
		      " SELECT path, ?2 FROM file WHERE id = ?1",
	[FORGET_GONE] = "DELETE FROM gone WHERE path = ?1",
};

struct catalogbuild {
	const struct catalogbuild_setup *setup;
	int current; /* the file of the last index; -1: none yet */
	/* While it looks: that index, or the new one once there is a reason. */
	sqlite3 *db;
	struct catalogwords *words;
	sqlite3_stmt *statements[STATEMENTS];
	int fd; /* of the new one */
	int64_t next; /* number of a file that is new */
	struct catalogforms forms;
	struct bitset seen; /* numbers of files that are there */
	struct arena arena; /* of one page */
	bool hashed; /* the file at hand, and what it came to */
	unsigned char hash[SHA256_SIZE];
};

struct catalogbuild *
catalogbuild_new(const struct catalogbuild_setup *setup, int current)
{
	struct catalogbuild *build = calloc(1, sizeof *build);

	if (build == NULL) {
		if (current != -1)
			close(current);
		return NULL;
	}
	build->setup = setup;
	build->current = current;
	build->fd = -1;
	arena_init(&build->arena, PAGE_MEMORY);
	return build;
}

void
catalogbuild_free(struct catalogbuild *build)
{
	if (build == NULL)
		return;
	if (build->current != -1)
		close(build->current);
	free(build);
}

static void
close_db(struct catalogbuild *build)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(build->statements[i]);
		build->statements[i] = NULL;
	}
	sqlite3_close(build->db);
	catalogwords_close(build->words);
	build->db = NULL;
	build->words = NULL;
}

/* Opens an index; in a blank file its tables are made first. */
static int
open_db(struct catalogbuild *build, int fd, bool writes, bool is_blank)
{
	bool english = build->setup->english;

	build->db = catalogdb_open(fd, writes);
	if (build->db == NULL)
		return -1;
	build->words = catalogwords_open(build->db, english);
	if (build->words == NULL ||
	    (is_blank && catalogdb_create(build->db, english) == -1) ||
	    catalogdb_is_english(build->db) != english)
		return -1;
	for (size_t i = 0; i < STATEMENTS; i++) {
		build->statements[i] = catalogdb_prepare(build->db, sql[i]);
		if (build->statements[i] == NULL)
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

/* What SQLite failed at, as the system's number. */
static int
fail(const struct catalogbuild *build)
{
	int code =
	    build->db != NULL ? sqlite3_errcode(build->db) : SQLITE_NOMEM;

	errno = code == SQLITE_FULL ? ENOSPC
	    : code == SQLITE_NOMEM  ? ENOMEM
				    : EIO;
	return -1;
}

/* From the first change on, all happens in a copy of the last index. */
static int
begin(struct catalogbuild *build)
{
	if (build->fd != -1)
		return 0;
	close_db(build);
	build->fd = build->setup->blank(build->setup->context);
	if (build->fd == -1 ||
	    (build->current != -1 && copy(build->current, build->fd) == -1))
		return -1;
	if (open_db(build, build->fd, true, build->current == -1) == -1 ||
	    catalogdb_run(build->db, "BEGIN") == -1)
		return fail(build);
	memset(&build->forms, 0, sizeof build->forms);
	build->forms.words = build->words;
	build->forms.add = build->statements[ADD_FORM];
	return 0;
}

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

static int
drop(struct catalogbuild *build, int64_t id)
{
	for (int i = DROP_WORDS; i <= DROP_FILE; i++) {
		sqlite3_bind_int64(build->statements[i], 1, id);
		if (catalogdb_do(build->statements[i]) == -1)
			return fail(build);
	}
	return 0;
}

static int
add_section(struct catalogbuild *build, struct str title, int64_t row,
    const struct section *section)
{
	struct str heading = section->heading;

	/* The title tells the same already, and tells it louder. */
	if (str_equals(heading, title))
		heading = STR("");
	for (int i = ADD_SECTION; i <= ADD_WORDS; i++) {
		sqlite3_stmt *statement = build->statements[i];

		sqlite3_bind_int64(statement, 1, row);
		if (i == ADD_WORDS)
			catalogdb_bind_text(statement, 2, title);
		catalogdb_bind_text(statement, 3, heading);
		catalogdb_bind_text(statement, 4, section->text);
		catalogdb_bind_text(statement, 5, section->links);
		if (catalogdb_do(statement) == -1)
			return fail(build);
	}
	return catalogforms_add(&build->forms, title) == -1 ||
		catalogforms_add(&build->forms, heading) == -1 ||
		catalogforms_add(&build->forms, section->text) == -1 ||
		catalogforms_add(&build->forms, section->links) == -1
	    ? fail(build)
	    : 0;
}

static int
add_page(struct catalogbuild *build, struct catalogpage *page, int64_t id)
{
	struct section section;

	for (int64_t i = 0; i < SECTIONS_MAX; i++) {
		int got = catalogpage_next(page, &section);

		if (got < 1)
			return got;
		if (add_section(build, page->title,
			(id << CATALOGDB_SECTION_BITS) + i, &section) == -1)
			return -1;
	}
	return 0;
}

static int
add_file(struct catalogbuild *build, const struct walk_file *file, int64_t id,
    const struct catalogpage *page)
{
	sqlite3_stmt *statement = build->statements[ADD_FILE];

	sqlite3_bind_int64(statement, 1, id);
	catalogdb_bind_bytes(statement, 2, file->path);
	sqlite3_bind_int64(statement, 3, file->st.st_size);
	sqlite3_bind_int64(statement, 4, ns_of(&file->st.st_mtim));
	sqlite3_bind_int64(statement, 5, changed(&file->st));
	sqlite3_bind_int64(statement, 6, (int64_t)file->st.st_ino);
	if (page != NULL)
		catalogdb_bind_text(statement, 7, page->title);
	else
		sqlite3_bind_null(statement, 7);
	if (build->hashed)
		catalogdb_bind_bytes(statement, 8,
		    (struct str){ (const char *)build->hash, SHA256_SIZE });
	else
		sqlite3_bind_null(statement, 8);
	if (catalogdb_do(statement) == -1)
		return fail(build);
	catalogdb_bind_bytes(build->statements[FORGET_GONE], 1, file->path);
	return catalogdb_do(build->statements[FORGET_GONE]) == -1 ? fail(build)
								  : 0;
}

/* Adds what is there now, page or not; what has gone meanwhile is not. */
static int
add(struct catalogbuild *build, const struct walk_file *met, int64_t id)
{
	struct walk_file file = *met;
	struct catalogpage page;
	struct entry entry;
	int result;

	if (tree_open(build->setup->tree, file.path, &entry) != STATUS_SUCCESS)
		return 0;
	file.st = entry.st;
	/* One that changes meanwhile is another when it is met next. */
	build->hashed = entry_hash(&entry, build->hash) == 0;
	result = catalogpage_open(
	    &page, &build->arena, build->setup->media, &file, entry.fd);
	if (result == 0)
		result = add_file(build, &file, id, NULL);
	else if (result == 1)
		result = add_file(build, &file, id, &page) == -1
		    ? -1
		    : add_page(build, &page, id);
	arena_reset(&build->arena);
	close(entry.fd);
	return result;
}

/* The number that a file has, or 0; and whether it is as it was. */
static int64_t
find(struct catalogbuild *build, const struct walk_file *file, bool *same)
{
	sqlite3_stmt *statement = build->statements[FIND];
	int64_t id = 0;

	*same = false;
	if (statement == NULL)
		return 0;
	catalogdb_bind_bytes(statement, 1, file->path);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		id = sqlite3_column_int64(statement, 0);
		*same =
		    sqlite3_column_int64(statement, 1) == file->st.st_size &&
		    sqlite3_column_int64(statement, 2) ==
			ns_of(&file->st.st_mtim) &&
		    sqlite3_column_int64(statement, 3) ==
			ns_of(&file->st.st_ctim) &&
		    sqlite3_column_int64(statement, 4) ==
			(int64_t)file->st.st_ino;
	}
	sqlite3_reset(statement);
	return id;
}

static int
visit(void *context, const struct walk_file *met)
{
	struct catalogbuild *build = context;
	bool same;
	int64_t id = find(build, met, &same);

	if (!same && begin(build) == -1)
		return -1;
	if (!same && id != 0 && drop(build, id) == -1)
		return -1;
	if (id == 0)
		id = build->next++;
	if (bitset_add(&build->seen, (uint64_t)id) == -1)
		return -1;
	return same ? 0 : add(build, met, id);
}

static int
enter(void *context, const char *directory)
{
	const struct catalogbuild_setup *setup =
	    ((struct catalogbuild *)context)->setup;

	return setup->enter != NULL ? setup->enter(setup->context, directory)
				    : 0;
}

/* A number that is known and was not met, or 0; -1 on failure. */
static int64_t
next_gone(struct catalogbuild *build)
{
	sqlite3_stmt *statement = build->statements[LIST];
	int64_t id = 0;
	int result = SQLITE_DONE;

	while (statement != NULL &&
	    (result = sqlite3_step(statement)) == SQLITE_ROW) {
		id = sqlite3_column_int64(statement, 0);
		if (!bitset_has(&build->seen, (uint64_t)id))
			return id;
	}
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : -1;
}

static int
drop_gone(struct catalogbuild *build)
{
	int64_t id = next_gone(build);

	if (id > 0 && build->fd == -1) {
		if (begin(build) == -1)
			return -1;
		id = next_gone(build);
	}
	while (id > 0) {
		sqlite3_bind_int64(build->statements[NOTE_GONE], 1, id);
		sqlite3_bind_int64(build->statements[NOTE_GONE], 2, time(NULL));
		if (catalogdb_do(build->statements[NOTE_GONE]) == -1)
			return fail(build);
		if (drop(build, id) == -1)
			return -1;
		id = next_gone(build);
	}
	return id == -1 ? fail(build) : 0;
}

static int
finish(struct catalogbuild *build)
{
	/* One segment is faster to ask than many; once is enough. */
	if (build->current == -1 &&
	    catalogdb_run(
		build->db, "INSERT INTO words(words) VALUES('optimize')") == -1)
		return fail(build);
	if (catalogdb_run(build->db,
		"DELETE FROM term; INSERT INTO term"
		" SELECT CAST(term AS BLOB), doc FROM vocabulary"
		" WHERE length(CAST(term AS BLOB)) <= 64;"
		"DELETE FROM gone WHERE path IN (SELECT path FROM gone"
		" ORDER BY time DESC LIMIT -1 OFFSET " GONE_MAX ");"
		"DELETE FROM total; INSERT INTO total"
		" SELECT count(*), total(size) FROM file;"
		"COMMIT") == -1)
		return fail(build);
	return 0;
}

static int
begin_looking(struct catalogbuild *build)
{
	sqlite3_stmt *statement;

	build->next = 1;
	/* An index of another kind, or of before, is as good as none. */
	if (build->current != -1 &&
	    open_db(build, build->current, false, false) == -1) {
		close_db(build);
		close(build->current);
		build->current = -1;
	}
	if (build->current == -1)
		return begin(build);
	statement = catalogdb_prepare(build->db, "SELECT max(id) FROM file");
	if (statement == NULL)
		return fail(build);
	if (sqlite3_step(statement) == SQLITE_ROW)
		build->next = sqlite3_column_int64(statement, 0) + 1;
	sqlite3_finalize(statement);
	return 0;
}

int
catalogbuild_update(struct catalogbuild *build)
{
	const struct walk walk = { .tree = build->setup->tree,
		.enter = enter,
		.visit = visit,
		.context = build };
	int result = -1, error;

	if (begin_looking(build) == 0 && walk_tree(&walk) == 0 &&
	    drop_gone(build) == 0)
		result = build->fd == -1 ? 0 : finish(build) == -1 ? -1 : 1;
	error = errno;
	close_db(build);
	if (result == 1) {
		if (build->current != -1)
			close(build->current);
		build->current = build->fd;
	} else if (build->fd != -1) {
		close(build->fd);
	}
	build->fd = -1;
	bitset_release(&build->seen);
	arena_release(&build->arena);
	errno = error;
	return result;
}
