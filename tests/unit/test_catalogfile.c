/* SQLite on a descriptor: what it may ask of a file, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>

#include "temporary.h"
#include "tree/catalogfile.h"

static struct temporary folder;

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	temporary_file(&folder, "db", "");
	return catalogfile_vfs() != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	temporary_remove(&folder);
	return 0;
}

static int
open_db(int fd, sqlite3 **db)
{
	char name[16];

	snprintf(name, sizeof name, "%d", fd);
	return sqlite3_open(name, db);
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

/* What an index leaves out of SQLite's ways works all the same. */
static void
a_database_is_read_again(void **state)
{
	static const char *const steps[] = {
		"PRAGMA temp_store = MEMORY",
		/* From one to the other, what is no longer used is deleted. */
		"PRAGMA journal_mode = PERSIST",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA journal_mode = OFF",
		"PRAGMA synchronous = FULL",
		"CREATE TABLE t(x)",
		"INSERT INTO t VALUES(randomblob(40000))",
		"INSERT INTO t VALUES(7)",
		"DELETE FROM t WHERE x <> 7",
		"VACUUM",
	};
	int fd = open(temporary_path(&folder, "db"), O_RDWR);
	sqlite3 *db;
	struct stat st;

	(void)state;
	assert_int_equal(open_db(fd, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (sqlite3_exec(db, steps[i], NULL, NULL, NULL) != SQLITE_OK)
			fail_msg("%s: %s", steps[i], sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	/* What was in it is out of it, and the descriptor is still ours. */
	assert_int_equal(fstat(fd, &st), 0);
	assert_in_range(st.st_size, 1, 20000);
	assert_int_equal(open_db(fd, &db), SQLITE_OK);
	assert_int_equal(number(db, "SELECT x FROM t"), 7);
	sqlite3_close(db);
	close(fd);
}

/* No journal is ever made: there is no place for one. */
static void
no_other_file_is_opened(void **state)
{
	static const char *const names[] = { "/etc/passwd", "db", "-1", "",
		"99999999999" };
	int fd = open(temporary_path(&folder, "db"), O_RDWR);
	sqlite3 *db;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		int result =
		    sqlite3_open_v2(names[i], &db, SQLITE_OPEN_READWRITE, NULL);

		/* One without a name is opened once it is used. */
		if (result == SQLITE_OK)
			result = sqlite3_exec(db,
			    "PRAGMA temp_store = FILE; PRAGMA cache_size = 1;"
			    "CREATE TABLE t AS SELECT randomblob(999999)",
			    NULL, NULL, NULL);
		if (result != SQLITE_CANTOPEN)
			fail_msg("%s: %d", names[i], result);
		sqlite3_close(db);
	}
	assert_int_equal(open_db(fd, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "CREATE TABLE t(x)", NULL, NULL, NULL),
	    SQLITE_CANTOPEN);
	sqlite3_close(db);
	close(fd);
}

static int
open_as(int fd, int kind, sqlite3_file **out)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(catalogfile_vfs());
	char name[16];

	*out = calloc(1, (size_t)vfs->szOsFile);
	assert_non_null(*out);
	snprintf(name, sizeof name, "%d", fd);
	return vfs->xOpen(vfs, name, *out, kind, NULL);
}

static sqlite3_file *
open_file(int fd)
{
	sqlite3_file *file;

	assert_int_equal(open_as(fd, SQLITE_OPEN_MAIN_DB, &file), SQLITE_OK);
	return file;
}

/* Whatever it is called: what is no database would spoil one. */
static void
only_a_database_is_opened(void **state)
{
	static const int kinds[] = { SQLITE_OPEN_MAIN_JOURNAL,
		SQLITE_OPEN_TEMP_DB, SQLITE_OPEN_SUPER_JOURNAL,
		SQLITE_OPEN_WAL };
	sqlite3_file *file;

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		assert_int_equal(open_as(0, kinds[i], &file), SQLITE_CANTOPEN);
		/* So SQLite does not close it. */
		assert_null(file->pMethods);
		free(file);
	}
}

static void
failures_are_told_apart(void **state)
{
	const struct rlimit small = { 10, RLIM_INFINITY };
	const struct rlimit large = { RLIM_INFINITY, RLIM_INFINITY };
	int fds[2] = { open(temporary_path(&folder, "db"), O_RDONLY), -1 };
	sqlite3_file *file = open_file(fds[0]);
	const sqlite3_io_methods *all = file->pMethods;
	sqlite3_int64 size;
	char bytes[20] = "0123456789";
	int answer = 1;

	(void)state;
	assert_int_equal(all->xWrite(file, bytes, 9, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(all->xTruncate(file, 0), SQLITE_IOERR_TRUNCATE);
	assert_int_equal(all->xCheckReservedLock(file, &answer), SQLITE_OK);
	assert_int_equal(answer, 0);
	close(fds[0]);
	assert_int_equal(all->xRead(file, bytes, 9, 0), SQLITE_IOERR_READ);
	assert_int_equal(all->xFileSize(file, &size), SQLITE_IOERR_FSTAT);
	free(file);
	fds[1] = open(temporary_path(&folder, "db"), O_RDWR);
	file = open_file(fds[1]);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	/* The part that fits is written first. */
	assert_int_equal(all->xWrite(file, bytes, 15, 0), SQLITE_FULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(
	    all->xRead(file, bytes, 15, 0), SQLITE_IOERR_SHORT_READ);
	assert_memory_equal(bytes, "0123456789\0\0\0\0\0xxxxx", 20);
	free(file);
	close(fds[1]);
}

static void
the_rest_of_a_system(void **state)
{
	unsigned char first[8], second[8];
	int fd = open(temporary_path(&folder, "db"), O_RDWR);
	time_t before = time(NULL);
	sqlite3_int64 now;
	sqlite3 *db;

	(void)state;
	assert_int_equal(open_db(fd, &db), SQLITE_OK);
	now = number(db, "SELECT strftime('%s', 'now')");
	assert_in_range(now, before, time(NULL));
	sqlite3_close(db);
	close(fd);
	/* Without a seed of the system's, both would be the same. */
	sqlite3_randomness(0, NULL);
	sqlite3_randomness(sizeof first, first);
	sqlite3_randomness(0, NULL);
	sqlite3_randomness(sizeof second, second);
	assert_memory_not_equal(first, second, sizeof first);
	/* Nobody is kept waiting. */
	assert_int_equal(sqlite3_sleep(1000000), 1000000);
	assert_in_range(time(NULL), before, before + 500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_database_is_read_again),
		TEST(no_other_file_is_opened),
		TEST(only_a_database_is_opened),
		TEST(failures_are_told_apart),
		TEST(the_rest_of_a_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
