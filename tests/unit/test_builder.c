/* The index kept true to a tree: what makes a new one, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "indexing.h"
#include "scarce.h"
#include "index/db.h"
#include "index/tokenizer.h"

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
	assert_int_equal(
	    count("SELECT count(*) FROM words w WHERE NOT EXISTS"
		  " (SELECT 1 FROM file WHERE id = w.rowid >> 24)"),
	    0);
}

static void
updates(void **state)
{
	(void)state;
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(0, 0, 0);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
	temporary_folder(&indexing.folder, "d");
	temporary_file(&indexing.folder, "a.gmi", "# A\nherring\n");
	temporary_file(&indexing.folder, "picture.bin", "\x89\x01\x02\xff");
	indexing_settled_file("d/b.txt", "herrings\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(3, 2, 2);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
	indexing_settled_file("a.gmi", "# A\ncod\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(3, 2, 1);
	indexing_settled_file("a.gmi", "# A\ndab\n"); /* as long as it was */
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'dab'"),
	    1);
	assert_int_equal(
	    unlink(temporary_path(&indexing.folder, "d/b.txt")), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(2, 1, 0);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
}

/* Another process goes on from there; what is in another tongue is no use. */
static void
goes_on(void **state)
{
	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	indexing_begin_again(&indexing);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
	indexing.setup.english = false;
	indexing_begin_again(&indexing);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	indexing.setup.english = true;
	indexing_begin_again(&indexing);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(1, 1, 1);
}

/* Puts bytes in the place of what the index's file has there. */
static void
spoil(const char *bytes, size_t len, off_t at, off_t size)
{
	int fd = open(indexing_path(&indexing, ""), O_RDWR | O_CREAT, 0600);

	assert_int_not_equal(fd, -1);
	if (len > 0)
		assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	if (size >= 0)
		assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* Whatever is in the file: made anew, and read only then. */
static void
damaged(void **state)
{
	static const char noise[8192] = "\1\2\3 noise";
	static const struct {
		const char *what, *bytes;
		size_t len;
		off_t at, size;
	} table[] = {
		{ "empty", "", 0, 0, 0 },
		{ "text", "no database", 11, 0, 11 },
		{ "noise", noise, sizeof noise, 0, -1 },
		{ "another version", "\0\0\0\1", 4, 60, -1 },
		{ "another program", "\7\7\7\7", 4, 68, -1 },
		{ "half", "", 0, 0, 8192 },
		{ "half a page", "", 0, 0, 5000 },
		{ "a root page", noise, 4096, 4096, -1 },
	};

	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	indexing_settled_file("b.gmi", "# B\ncod\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		builder_free(indexing.build);
		indexing_tamper(&indexing, "PRAGMA wal_checkpoint(TRUNCATE)");
		spoil(table[i].bytes, table[i].len, table[i].at, table[i].size);
		indexing.build = builder_new(&indexing.setup);
		if (builder_update(indexing.build, NULL) != 1)
			fail_msg("%s", table[i].what);
		expect_pages(2, 2, 1);
		assert_int_equal(builder_update(indexing.build, NULL), 0);
	}
}

/* What is damaged while it is open is found by the first that needs it. */
static void
damaged_meanwhile(void **state)
{
	char noise[4096];
	struct stat st;
	int result = 0;

	(void)state;
	memset(noise, 0xa5, sizeof noise);
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	indexing_tamper(&indexing, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(stat(indexing_path(&indexing, ""), &st), 0);
	for (off_t at = 4096; at < st.st_size; at += 4096)
		spoil(noise, sizeof noise, at, -1);
	(void)sqlite3_release_memory(1 << 30);
	for (int i = 0; i < 5 && result != 1; i++) {
		char text[64];

		snprintf(text, sizeof text, "# A\nherring %d\n", i);
		indexing_settled_file("a.gmi", text);
		result = builder_update(indexing.build, NULL);
	}
	assert_int_equal(result, 1);
	indexing_begin_again(&indexing);
	assert_in_range(builder_update(indexing.build, NULL), 0, 1);
	expect_pages(1, 1, 1);
}

/* A file that was removed is made anew by the next look. */
static void
removed_meanwhile(void **state)
{
	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(unlink(indexing_path(&indexing, "")), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(1, 1, 1);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
}

/* A writer that is killed leaves a file that the next goes on from. */
static void
killed(void **state)
{
	char name[16];
	int status;
	pid_t pid;

	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	builder_free(indexing.build);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof name, "n%d.gmi", i);
		temporary_file(&indexing.folder, name, "herring\n");
	}
	for (int i = 0; i < 8; i++) {
		pid = fork();
		if (pid == 0) {
			indexing.build = builder_new(&indexing.setup);
			if (builder_update(indexing.build, NULL) == -1)
				_exit(1);
			for (;;)
				pause();
		}
		/* Not by SIGALRM, after which valgrind looks for leaks. */
		(void)poll(NULL, 0, 2 + 5 * i);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	indexing_settle();
	indexing.build = builder_new(&indexing.setup);
	assert_in_range(builder_update(indexing.build, NULL), 0, 1);
	expect_pages(401, 401, 401);
	assert_int_equal(count("SELECT count(*) FROM pragma_quick_check()"
			       " WHERE quick_check <> 'ok'"),
	    0);
}

/* A first index that was not finished is no index. */
static void
killed_at_first(void **state)
{
	int fd;

	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	fd = open(indexing_path(&indexing, "-new"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, "half", 4), 4);
	close(fd);
	assert_false(db_exists(&indexing.place));
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(1, 1, 1);
	assert_int_equal(access(indexing_path(&indexing, "-new"), F_OK), -1);
}

/* A file that has just changed is to be scanned again, and then settled. */
static void
settles(void **state)
{
	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_true(builder_is_settled(indexing.build));
	fakeclock_stop();
	temporary_file(&indexing.folder, "b.gmi", "# B\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_false(builder_is_settled(indexing.build));
	indexing_settle();
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_true(builder_is_settled(indexing.build));
}

/* While a first look goes on. */
static int
on_enter_waits(void *context, const char *directory)
{
	(void)context;
	(void)directory;
	assert_int_equal(count("SELECT waits FROM total"), 1);
	return 0;
}

/* Restarted, lists of files wait until all is looked at; questions do not. */
static void
restarts(void **state)
{
	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(count("SELECT waits FROM total"), 0);
	indexing.setup.is_stale = true;
	indexing_begin_again(&indexing);
	expect_pages(1, 1, 1);
	temporary_folder(&indexing.folder, "d");
	indexing.setup.enter = on_enter_waits;
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(count("SELECT waits FROM total"), 0);
	/* Once: an edit is no reason to wait. */
	indexing.setup.enter = NULL;
	indexing_settled_file("a.gmi", "# A\ncod\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(1, 1, 0);
}

static const char *
path_of_a(void)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/a.gmi", indexing.folder.path);
	return path;
}

/* A file of the same bytes is another file, and the same page. */
static void
deployed_anew(void **state)
{
	int64_t inode;

	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	inode = count("SELECT inode FROM file");
	indexing_tamper(&indexing, "DELETE FROM words");
	temporary_file(&indexing.folder, "b", "# A\nherring\n");
	assert_int_equal(
	    rename(temporary_path(&indexing.folder, "b"), path_of_a()), 0);
	indexing_settle();
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_not_equal(count("SELECT inode FROM file"), inode);
	assert_int_equal(count("SELECT count(*) FROM words"), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
}

/* A link to a page has no text of its own; a copy of the page has. */
static void
link_or_copy(void **state)
{
	(void)state;
	temporary_file(&indexing.folder, "a.gmi", "# A\nherring\n");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    symlink("a.gmi", temporary_path(&indexing.folder, "b.gmi")),
		    0);
		indexing_settle();
		assert_int_equal(builder_update(indexing.build, NULL), 1);
		expect_pages(2, 1, 1);
		assert_int_equal(
		    unlink(temporary_path(&indexing.folder, "b.gmi")), 0);
		indexing_settled_file("b.gmi", "# A\nherring\n");
		assert_int_equal(builder_update(indexing.build, NULL), 1);
		expect_pages(2, 2, 2);
		assert_int_equal(
		    unlink(temporary_path(&indexing.folder, "b.gmi")), 0);
	}
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
	indexing_settled_file("a.gmi", "# A\nherring\n");
	/* Not even for the first. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	assert_int_equal(builder_update(indexing.build, NULL), -1);
	assert_int_equal(errno, ENOSPC);
	assert_false(db_exists(&indexing.place));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] =
		    "abcdefghijklmnopqrstuvwxyz "[i % 7 == 6 ? 26 : i * i % 26];
	text[sizeof text - 1] = '\0';
	indexing_settled_file("b.gmi", text);
	/* For what is new there is none: what there was is there. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(builder_update(indexing.build, NULL), -1);
	assert_int_equal(errno, ENOSPC);
	expect_pages(1, 1, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(2, 2, 1);
}

/* Edits go on in the room that the log had, however many there are. */
static void
little_room(void **state)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	char text[64];
	struct stat st;

	(void)state;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(stat(indexing_path(&indexing, ""), &st), 0);
	limit.rlim_cur = (rlim_t)st.st_size + 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "# A\nherring %d\n", i);
		indexing_settled_file("a.gmi", text);
		assert_int_equal(builder_update(indexing.build, NULL), 1);
	}
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_pages(1, 1, 1);
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
	indexing_settled_file("a.gmi", "# A\nherring\n");
	indexing_settled_file("b.gmi", "# B\nherring\n## Heading\nand roe\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	indexing_settled_file("a.gmi", "# A\ncod\n=> b.gmi roe\n");
	indexing_settled_file("c.gmi", "# C\nherring\n");
	assert_int_equal(unlink(temporary_path(&indexing.folder, "b.gmi")), 0);
	for (sqlite3_int64 bytes = 1000; result == -1; bytes += 2000) {
		indexing_begin_again(&indexing);
		indexing_scarce_sqlite(bytes);
		result = builder_update(indexing.build, NULL);
		assert_true(result != -1 || errno == ENOMEM || errno == EIO);
		indexing_scarce_sqlite(0);
		if (result == -1) {
			failed++;
			expect_pages(2, 2, 2);
		}
	}
	assert_int_equal(result, 1);
	assert_in_range(failed, 10, 1000);
	expect_pages(2, 2, 1);
}

static void
nothing_begins_without_memory(void **state)
{
	(void)state;
	scarce_memory(1);
	assert_null(builder_new(&indexing.setup));
	scarce_memory(0);
	builder_free(NULL);
}

static int entered; /* directories that were told */
static int enter_error;

static int
on_enter(void *context, const char *directory)
{
	(void)context;
	(void)directory;
	entered++;
	errno = enter_error;
	return enter_error != 0 ? -1 : 0;
}

/* Who is told of directories may end it all. */
static void
directories_are_told(void **state)
{
	(void)state;
	entered = 0;
	temporary_folder(&indexing.folder, "d");
	indexing.setup.enter = on_enter;
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(entered, 2);
	enter_error = ENOSPC;
	assert_int_equal(builder_update(indexing.build, NULL), -1);
	assert_int_equal(errno, ENOSPC);
	enter_error = 0;
	assert_int_equal(builder_update(indexing.build, NULL), 0);
}

/* Ours by its number, but not by its tables: made anew. */
static void
without_tables(void **state)
{
	(void)state;
	indexing_settled_file("a.gmi", "# A\nherring\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	indexing_tamper(&indexing, "DROP TABLE gone");
	indexing_begin_again(&indexing);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	expect_pages(1, 1, 1);
	assert_int_equal(builder_update(indexing.build, NULL), 0);
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
	assert_int_equal(builder_update(indexing.build, NULL), 1);
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
		cmocka_unit_test_setup_teardown(
		    updates, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    goes_on, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    damaged, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    damaged_meanwhile, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    removed_meanwhile, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    killed, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    killed_at_first, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    restarts, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    settles, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    deployed_anew, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    link_or_copy, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    no_room, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    little_room, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    no_memory, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(nothing_begins_without_memory,
		    indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    directories_are_told, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    without_tables, indexing_set_up, indexing_tear_down),
		cmocka_unit_test_setup_teardown(
		    titles, indexing_set_up, indexing_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
