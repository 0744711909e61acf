/* The files of an index: in order, with their hashes, and what is gone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scarce.h"
#include "sys/sha256.h"
#include "indexing.h"
#include "index/filelist.h"

#define folder indexing.folder
#define place (&indexing.place)

/* Looks at the tree, and gives what is new to those who read. */
static void
update(void)
{
	assert_int_equal(builder_update(indexing.build, NULL), 1);
}

/* What is listed: "PATH" of each, "-PATH" of one gone, "~PATH" changed. */
static const char *
list(const int64_t *since)
{
	static char text[4096];
	struct buf out = buf_over(text, sizeof text - 1);
	struct filelist *all = filelist_open(place, since);
	struct manifest_file file;
	bool changed;
	int result;

	assert_non_null(all);
	while ((result = filelist_next(all, &file, &changed)) == 1) {
		if (since != NULL)
			buf_add(&out,
			    file.removed  ? STR("-")
				: changed ? STR("~")
					  : STR(""));
		buf_add(&out, file.path);
		buf_char(&out, ' ');
	}
	assert_int_equal(result, 0);
	filelist_close(all);
	text[out.len] = '\0';
	return text;
}

static void
there_is_none_at_first(void **state)
{
	uint64_t count, bytes;

	(void)state;
	assert_null(filelist_open(place, NULL));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(filelist_total(place, &count, &bytes), -1);
}

static void
files_come_in_order(void **state)
{
	uint64_t count, bytes;

	(void)state;
	temporary_file(&folder, "b", "two");
	temporary_file(&folder, "a.gmi", "# A\n");
	temporary_folder(&folder, "a");
	temporary_file(&folder, "a/z", "");
	temporary_file(&folder, ".hidden", "x");
	temporary_link(&folder, "a/up", "..");
	temporary_link(&folder, "c", "b");
	update();
	assert_string_equal(list(NULL), "a.gmi a/z b c ");
	assert_int_equal(filelist_total(place, &count, &bytes), 0);
	assert_int_equal(count, 4);
	assert_int_equal(bytes, 10);
}

static void
each_has_its_hash(void **state)
{
	unsigned char hash[SHA256_SIZE];
	struct filelist *all;
	struct manifest_file file;
	bool changed;

	(void)state;
	temporary_file(&folder, "a", "one");
	update();
	all = filelist_open(place, NULL);
	assert_int_equal(filelist_next(all, &file, &changed), 1);
	assert_int_equal(file.size, 3);
	assert_int_equal(sha256_of(STR("one"), hash), 0);
	assert_memory_equal(file.hash, hash, sizeof hash);
	/* It goes on with what it began with. */
	temporary_file(&folder, "b", "x");
	update();
	assert_int_equal(filelist_next(all, &file, &changed), 0);
	filelist_close(all);
	assert_string_equal(list(NULL), "a b ");
}

static void
what_is_gone_is_remembered(void **state)
{
	const int64_t long_ago = 1000000000, later = INT64_C(99999999999);
	const struct timespec old[2] = { { 2000000, 0 }, { 2000000, 0 } };

	(void)state;
	temporary_file(&folder, "a", "one");
	temporary_file(&folder, "b", "two");
	temporary_file(&folder, "c", "three");
	update();
	assert_int_equal(unlink(temporary_path(&folder, "b")), 0);
	update();
	assert_string_equal(list(NULL), "a c ");
	assert_string_equal(list(&later), "a c ");
	assert_string_equal(list(&long_ago), "~a -b ~c ");
	/* Its own time is old, but when it became so is not. */
	assert_int_equal(
	    utimensat(AT_FDCWD, temporary_path(&folder, "a"), old, 0), 0);
	temporary_file(&folder, "b", "again");
	update();
	assert_string_equal(list(&long_ago), "~a ~b ~c ");
}

static void
tamper(const char *sql)
{
	indexing_tamper(&indexing, sql);
}

/* Nothing is said of a file that changed while it was read. */
static void
what_has_no_hash_is_left_out(void **state)
{
	(void)state;
	temporary_file(&folder, "a", "one");
	temporary_file(&folder, "b", "two");
	temporary_file(&folder, "c", "three");
	update();
	tamper("UPDATE file SET hash = NULL WHERE path = CAST('/b' AS BLOB)");
	assert_string_equal(list(NULL), "a c ");
	tamper("UPDATE file SET hash = x'0102'");
	assert_string_equal(list(NULL), "");
}

/* What is still to be hashed would look as if it were gone. */
static void
what_is_hashed_later_is_waited_for(void **state)
{
	(void)state;
	temporary_file(&folder, "a", "one");
	temporary_file(&folder, "large", "");
	assert_int_equal(
	    truncate(temporary_path(&folder, "large"), (off_t)33 << 20), 0);
	update();
	assert_null(filelist_open(place, NULL));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(builder_hash(indexing.build), 1);
	assert_string_equal(list(NULL), "a large ");
}

static void
an_index_may_be_of_no_use(void **state)
{
	struct filelist *all;
	struct manifest_file file;
	uint64_t count, bytes;
	char name[16];
	bool changed;

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "a%d", i);
		temporary_file(&folder, name, name);
	}
	update();
	tamper("DELETE FROM total");
	assert_int_equal(filelist_total(place, &count, &bytes), -1);
	assert_null(filelist_open(place, NULL));
	assert_int_not_equal(errno, EAGAIN);
	tamper("INSERT INTO total VALUES(300, 1090, 0)");
	scarce_memory(1);
	all = filelist_open(place, NULL);
	scarce_memory(0);
	assert_null(all);
	/* Cut while it is read, it has no end but a failure. */
	all = filelist_open(place, NULL);
	assert_non_null(all);
	tamper("PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(truncate(indexing_path(&indexing, ""), 4096), 0);
	while (filelist_next(all, &file, &changed) == 1)
		continue;
	assert_int_equal(filelist_next(all, &file, &changed), -1);
	assert_int_equal(errno, EBADMSG);
	filelist_close(all);
	filelist_close(NULL);
}

/* Of our kind by its name, but without our tables. */
static void
an_index_may_have_no_tables(void **state)
{
	uint64_t count, bytes;

	(void)state;
	update();
	tamper("DROP TABLE gone; DROP TABLE total");
	assert_null(filelist_open(place, NULL));
	assert_int_equal(errno, EIO);
	assert_int_equal(filelist_total(place, &count, &bytes), -1);
	tamper("PRAGMA user_version = 1");
	indexing_begin_again(&indexing);
	update();
	assert_string_equal(list(NULL), "");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, indexing_set_up, indexing_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_is_none_at_first),
		TEST(files_come_in_order),
		TEST(each_has_its_hash),
		TEST(what_is_gone_is_remembered),
		TEST(what_has_no_hash_is_left_out),
		TEST(what_is_hashed_later_is_waited_for),
		TEST(an_index_may_be_of_no_use),
		TEST(an_index_may_have_no_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
