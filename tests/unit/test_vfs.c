/* SQLite beneath a directory: what it may open, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "temporary.h"
#include "index/vfs.h"

static struct temporary folder;
static int directory;

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	directory = open(folder.path, O_RDONLY | O_DIRECTORY);
	assert_int_not_equal(directory, -1);
	return vfs_prepare();
}

static int
tear_down(void **state)
{
	(void)state;
	close(directory);
	temporary_remove(&folder);
	return 0;
}

static int
open_db(const char *name, sqlite3 **db)
{
	char path[VFS_PATH];

	assert_int_equal(vfs_path(directory, name, path, sizeof path), 0);
	return sqlite3_open(path, db);
}

static int
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static sqlite3_int64
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3_int64 result;

	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	result = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result;
}

/* With every way to keep a journal, and where the process has no paths. */
static void
databases_are_read_again(void **state)
{
	static const char *const modes[] = { "DELETE", "TRUNCATE", "PERSIST",
		"WAL", "OFF" };
	char sql[64], here[4096];
	sqlite3 *db, *other;

	(void)state;
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir("/"), 0);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(open_db(modes[i], &db), SQLITE_OK);
		snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", modes[i]);
		assert_int_equal(run(db, sql), SQLITE_OK);
		assert_int_equal(run(db,
				     "PRAGMA synchronous = FULL;"
				     "CREATE TABLE t(x);"
				     "INSERT INTO t VALUES(randomblob(40000));"
				     "INSERT INTO t VALUES(7);"
				     "DELETE FROM t WHERE x <> 7"),
		    SQLITE_OK);
		assert_int_equal(open_db(modes[i], &other), SQLITE_OK);
		assert_int_equal(number(other, "SELECT x FROM t"), 7);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		assert_int_equal(sqlite3_close(other), SQLITE_OK);
		assert_int_equal(
		    access(temporary_path(&folder, modes[i]), F_OK), 0);
	}
	assert_int_equal(chdir(here), 0);
}

static void
no_other_file_is_opened(void **state)
{
	static const char *const names[] = { "/etc/passwd", "db", "/", "//",
		"/-1/db", "/x/db", "/0/sub/db", "/99999999999/db",
		"/3/../etc/passwd" };
	sqlite3 *db;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		int result = sqlite3_open_v2(names[i], &db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

		if (result == SQLITE_OK)
			result = run(db, "CREATE TABLE t(x)");
		if (result == SQLITE_OK)
			fail_msg("%s", names[i]);
		sqlite3_close(db);
	}
	/* No link leads out. */
	temporary_link(&folder, "link", "/etc/passwd");
	assert_int_not_equal(open_db("link", &db), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(access("db", F_OK), -1);
}

static void
long_names(void **state)
{
	char name[VFS_PATH + 1], path[VFS_PATH];

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(vfs_path(directory, name, path, sizeof path), -1);
	name[VFS_NAME] = '\0';
	assert_int_equal(vfs_path(directory, name, path, sizeof path), 0);
}

/* A limit of a file's size is as good as a full disk. */
static void
a_full_disk_is_told(void **state)
{
	const struct rlimit small = { 50000, RLIM_INFINITY };
	const struct rlimit large = { RLIM_INFINITY, RLIM_INFINITY };
	sqlite3 *db;

	(void)state;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(open_db("db", &db), SQLITE_OK);
	assert_int_equal(run(db, "CREATE TABLE t(x)"), SQLITE_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(
	    run(db, "INSERT INTO t VALUES(randomblob(90000))"), SQLITE_FULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
	assert_int_equal(
	    run(db, "INSERT INTO t VALUES(randomblob(90000))"), SQLITE_OK);
	sqlite3_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(databases_are_read_again),
		TEST(no_other_file_is_opened),
		TEST(long_names),
		TEST(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
