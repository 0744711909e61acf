#ifndef UNIT_INDEXING_H
#define UNIT_INDEXING_H

/*
 * A folder of pages and the index of it, for tests that build one or put
 * questions to it.
 */
#include <errno.h>
#include <stdbool.h>

#include "fakeclock.h"
#include "temporary.h"
#include "tree/catalogbuild.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

struct indexing {
	struct temporary folder;
	struct tree tree;
	struct media *media;
	struct catalogbuild_setup setup;
	struct catalogbuild *build;
	int last; /* the file that was given last, or -1 */
	int files; /* that were given */
	int error; /* instead of a file */
	int patience; /* of hashing, in steps */
};

static inline int
indexing_blank(void *context)
{
	struct indexing *indexing = context;
	char path[] = "/tmp/capsuled-index-XXXXXX";
	int fd;

	if (indexing->error != 0) {
		errno = indexing->error;
		return -1;
	}
	fd = mkstemp(path);
	temporary_check(fd != -1, path);
	unlink(path);
	if (indexing->last != -1)
		close(indexing->last);
	indexing->last = dup(fd);
	indexing->files++;
	return fd;
}

static inline void
indexing_begin(struct indexing *indexing, bool english)
{
	char error[256];

	*indexing = (struct indexing){ .last = -1 };
	temporary_make(&indexing->folder);
	temporary_check(
	    tree_init(&indexing->tree, indexing->folder.path) == 0, "tree");
	indexing->media = media_new(error, sizeof error);
	temporary_check(indexing->media != NULL, "media");
	indexing->setup = (struct catalogbuild_setup){
		.tree = &indexing->tree,
		.media = indexing->media,
		.english = english,
		.blank = indexing_blank,
		.context = indexing,
	};
	indexing->build = catalogbuild_new(&indexing->setup, -1);
	temporary_check(indexing->build != NULL, "build");
}

static inline void
indexing_end(struct indexing *indexing)
{
	catalogbuild_free(indexing->build);
	if (indexing->last != -1)
		close(indexing->last);
	media_free(indexing->media);
	tree_release(&indexing->tree);
	temporary_remove(&indexing->folder);
}

/*
 * What has just changed is looked at twice.  Stops the clock a while after
 * now: longer than any file system takes to tell two changes apart.
 */
static inline void
indexing_settle(void)
{
	fakeclock_stop();
	fakeclock_forward_ms(5000);
}

/* The number that the last index answers with. */
static inline int64_t
indexing_count(const struct indexing *indexing, const char *sql)
{
	sqlite3 *db = catalogdb_open(indexing->last, false);
	struct catalogwords *words = catalogwords_open(db, true);
	sqlite3_stmt *statement = catalogdb_prepare(db, sql);
	int64_t result;

	temporary_check(
	    statement != NULL && sqlite3_step(statement) == SQLITE_ROW, sql);
	result = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	catalogwords_close(words);
	return result;
}

/* Bytes more that SQLite may hold, or 0 for as many as it likes. */
static inline void
indexing_scarce_sqlite(sqlite3_int64 bytes)
{
	(void)sqlite3_hard_heap_limit64(
	    bytes > 0 ? sqlite3_memory_used() + bytes : 0);
}

#endif
