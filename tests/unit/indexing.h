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
#include "index/builder.h"
#include "index/db.h"
#include "index/tokenizer.h"

struct indexing {
	struct temporary folder;
	struct tree tree;
	struct media *media;
	struct builder_setup setup;
	struct builder *build;
	struct temporary store; /* where the index is */
	struct db_place place;
};

static inline void
indexing_begin(struct indexing *indexing, bool english)
{
	char error[256];

	*indexing = (struct indexing){ 0 };
	temporary_make(&indexing->folder);
	temporary_make(&indexing->store);
	indexing->place = (struct db_place){
		.directory = open(
		    indexing->store.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.name = "index",
	};
	temporary_check(indexing->place.directory != -1, "store");
	temporary_check(
	    tree_init(&indexing->tree, indexing->folder.path, NULL) == 0,
	    "tree");
	indexing->media = media_new(error, sizeof error);
	temporary_check(indexing->media != NULL, "media");
	indexing->setup = (struct builder_setup){
		.tree = &indexing->tree,
		.media = indexing->media,
		.english = english,
		.place = &indexing->place,
		.context = indexing,
	};
	indexing->build = builder_new(&indexing->setup);
	temporary_check(indexing->build != NULL, "build");
}

static inline void
indexing_end(struct indexing *indexing)
{
	builder_free(indexing->build);
	close(indexing->place.directory);
	temporary_remove(&indexing->store);
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

/* The same by another that is made, as if in another process. */
static inline void
indexing_begin_again(struct indexing *indexing)
{
	builder_free(indexing->build);
	indexing->build = builder_new(&indexing->setup);
	temporary_check(indexing->build != NULL, "build");
}

/* A file beside the index. */
static inline const char *
indexing_path(const struct indexing *indexing, const char *end)
{
	char name[64];

	snprintf(name, sizeof name, "%s%s", indexing->place.name, end);
	return temporary_path(&indexing->store, name);
}

/* The number that the index answers with. */
static inline int64_t
indexing_count(const struct indexing *indexing, const char *sql)
{
	sqlite3 *db = db_open(&indexing->place, DB_READ);
	struct tokenizer *words = tokenizer_open(db, true);
	sqlite3_stmt *statement = db_prepare(db, sql);
	int64_t result;

	temporary_check(
	    statement != NULL && sqlite3_step(statement) == SQLITE_ROW, sql);
	result = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	tokenizer_close(words);
	return result;
}

/* Changes the index, behind everybody's back. */
static inline void
indexing_tamper(const struct indexing *indexing, const char *sql)
{
	sqlite3 *db = db_open(&indexing->place, DB_WRITE);
	struct tokenizer *words = tokenizer_open(db, true);

	temporary_check(db_run(db, sql) == 0, sql);
	sqlite3_close(db);
	tokenizer_close(words);
}

/* Bytes more that SQLite may hold, or 0 for as many as it likes. */
static inline void
indexing_scarce_sqlite(sqlite3_int64 bytes)
{
	(void)sqlite3_hard_heap_limit64(
	    bytes > 0 ? sqlite3_memory_used() + bytes : 0);
}

/* That of the tests in a file. */
static struct indexing indexing;

static inline int
indexing_set_up(void **state)
{
	(void)state;
	indexing_begin(&indexing, true);
	return 0;
}

static inline int
indexing_tear_down(void **state)
{
	(void)state;
	fakeclock_run();
	indexing_end(&indexing);
	return 0;
}

static inline void
indexing_settled_file(const char *name, const char *text)
{
	temporary_file(&indexing.folder, name, text);
	indexing_settle();
}

#endif
