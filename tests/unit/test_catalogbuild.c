/* The index kept true to a tree: what makes a new one, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "indexing.h"
#include "scarce.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

static struct indexing indexing;

static int
set_up(void **state)
{
	(void)state;
	indexing_begin(&indexing, true);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fakeclock_run();
	indexing_end(&indexing);
	return 0;
}

static void
settled_file(const char *name, const char *text)
{
	temporary_file(&indexing.folder, name, text);
	indexing_settle();
}

static int64_t
count(const char *sql)
{
	return indexing_count(&indexing, sql);
}

static void
expect_pages(int64_t files, int64_t pages, int64_t herrings)
{
	assert_int_equal(count("SELECT count(*) FROM file"), files);
	assert_int_equal(
	    count("SELECT count(*) FROM file WHERE title IS NOT NULL"), pages);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'text:her'"),
	    herrings);
	assert_int_equal(count("SELECT count(*) FROM words w WHERE NOT EXISTS"
			       " (SELECT 1 FROM file WHERE id = w.rowid >> 16)"),
	    0);
	/* Where nothing holds it, there is no such term. */
	assert_int_equal(count("SELECT coalesce((SELECT rows FROM term"
			       " WHERE term = CAST('her' AS BLOB)), 0)"),
	    herrings);
}

static void
updates(void **state)
{
	(void)state;
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	expect_pages(0, 0, 0);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 0);
	temporary_folder(&indexing.folder, "d");
	temporary_file(&indexing.folder, "a.gmi", "# A\nherring\n");
	temporary_file(&indexing.folder, "picture.bin", "\x89\x01\x02\xff");
	settled_file("d/b.txt", "herrings\n");
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	expect_pages(3, 2, 2);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 0);
	settled_file("a.gmi", "# A\ncod\n");
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	expect_pages(3, 2, 1);
	settled_file("a.gmi", "# A\ndab\n"); /* as long as it was */
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'dab'"),
	    1);
	assert_int_equal(
	    unlink(temporary_path(&indexing.folder, "d/b.txt")), 0);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	expect_pages(2, 1, 0);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 0);
	assert_int_equal(indexing.files, 5);
}

/* Another process goes on from the file, or from nothing, if it is none. */
static void
goes_on(void **state)
{
	struct catalogbuild *other;
	int bad;

	(void)state;
	settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	other = catalogbuild_new(&indexing.setup, dup(indexing.last));
	assert_int_equal(catalogbuild_update(other, NULL), 0);
	catalogbuild_free(other);
	indexing.setup.english = false;
	other = catalogbuild_new(&indexing.setup, dup(indexing.last));
	assert_int_equal(catalogbuild_update(other, NULL), 1);
	catalogbuild_free(other);
	indexing.setup.english = true;
	temporary_file(&indexing.folder, ".bad", "no database");
	bad = open(temporary_path(&indexing.folder, ".bad"), O_RDWR);
	other = catalogbuild_new(&indexing.setup, bad);
	assert_int_equal(catalogbuild_update(other, NULL), 1);
	expect_pages(1, 1, 1);
	catalogbuild_free(other);
}

static void
no_room(void **state)
{
	const struct rlimit tiny = { 10000, RLIM_INFINITY };
	const struct rlimit small = { 80000, RLIM_INFINITY };
	const struct rlimit large = { RLIM_INFINITY, RLIM_INFINITY };
	char text[40000];

	(void)state;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] =
		    "abcdefghijklmnopqrstuvwxyz "[i % 7 == 6 ? 26 : i * i % 26];
	text[sizeof text - 1] = '\0';
	settled_file("b.gmi", text);
	/* Not even for what there is already, or not for what is new. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
	indexing.error = EMFILE;
	assert_int_equal(catalogbuild_update(indexing.build, NULL), -1);
	assert_int_equal(errno, EMFILE);
	indexing.error = 0;
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	expect_pages(2, 2, 1);
}

/*
 * Wherever memory ends, the failure is told, the index stays as it was, and
 * the next look catches up.
 */
static void
no_memory(void **state)
{
	int result = -1, failed = 0;

	(void)state;
	settled_file("a.gmi", "# A\nherring\n");
	settled_file("b.gmi", "# B\nherring\n## Heading\nand roe\n");
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	settled_file("a.gmi", "# A\ncod\n=> b.gmi roe\n");
	settled_file("c.gmi", "# C\nherring\n");
	assert_int_equal(unlink(temporary_path(&indexing.folder, "b.gmi")), 0);
	for (sqlite3_int64 bytes = 1000; result == -1; bytes += 2000) {
		struct catalogbuild *other =
		    catalogbuild_new(&indexing.setup, dup(indexing.last));
		int last = dup(indexing.last);

		indexing_scarce_sqlite(bytes);
		result = catalogbuild_update(other, NULL);
		assert_true(result != -1 || errno == ENOMEM || errno == EIO);
		indexing_scarce_sqlite(0);
		catalogbuild_free(other);
		if (result == -1) {
			failed++;
			close(indexing.last);
			indexing.last = last;
			expect_pages(2, 2, 2);
		} else {
			close(last);
		}
	}
	assert_int_equal(result, 1);
	assert_in_range(failed, 10, 1000);
	expect_pages(2, 2, 1);
}

static void
nothing_begins_without_memory(void **state)
{
	int current = dup(0);

	(void)state;
	scarce_memory(1);
	assert_null(catalogbuild_new(&indexing.setup, current));
	assert_null(catalogbuild_new(&indexing.setup, -1));
	scarce_memory(0);
	/* It was taken all the same. */
	assert_int_equal(fcntl(current, F_GETFD), -1);
	catalogbuild_free(NULL);
}

static int entered; /* directories that were told */

static int
on_enter(void *context, const char *directory)
{
	const struct indexing *told = context;

	(void)directory;
	entered++;
	errno = told->error;
	return told->error != 0 ? -1 : 0;
}

/* Who is told of directories may end it all. */
static void
directories_are_told(void **state)
{
	(void)state;
	entered = 0;
	temporary_folder(&indexing.folder, "d");
	indexing.setup.enter = on_enter;
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	assert_int_equal(entered, 2);
	indexing.error = ENOSPC;
	assert_int_equal(catalogbuild_update(indexing.build, NULL), -1);
	assert_int_equal(errno, ENOSPC);
	indexing.error = 0;
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 0);
}

/* Ours by its number, but not by its tables: made anew. */
static void
without_tables(void **state)
{
	sqlite3 *db;

	(void)state;
	settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	db = catalogdb_open(indexing.last, true);
	assert_int_equal(catalogdb_run(db, "DROP TABLE gone"), 0);
	sqlite3_close(db);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	expect_pages(1, 1, 1);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 0);
}

/* Without titles, in all tongues, or empty: a page is a page. */
static void
titles(void **state)
{
	static const char *const table[][2] = {
		{ "a.gmi", "# One\n" },
		{ "b.gmi", "## Two\n# One\n" },
		{ "c.gmi", "no heading\n" },
		{ "d.txt", "# no heading\n" },
		{ "e.md", "# One\n" },
		{ "f.gmi", "" },
		{ "g.gmi", "# \x1b[1mOne\n" },
	};
	static const char *const wants[] = { "One", "One", "c.gmi", "d.txt",
		"One", "f.gmi", "[1mOne" };
	char sql[256];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		temporary_file(&indexing.folder, table[i][0], table[i][1]);
	assert_int_equal(catalogbuild_update(indexing.build, NULL), 1);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM file WHERE title = '%s' AND"
		    " path = CAST('/%s' AS BLOB)",
		    wants[i], table[i][0]);
		if (count(sql) != 1)
			fail_msg("%s", table[i][0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(updates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    nothing_begins_without_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    directories_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_tables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(titles, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
