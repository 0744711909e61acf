/* The files that a walk has replaced or removed: their folders and names. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "mirror/backup.h"
#include "mirror/dir.h"
#include "scarce.h"
#include "temporary.h"

#define NOW INT64_C(1700000000) /* 2023-11-14T22:13:20Z */

static struct temporary temporary;
static int root, work;

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&temporary);
	temporary_folder(&temporary, "root");
	temporary_folder(&temporary, "work");
	root = open(temporary_path(&temporary, "root"), O_RDONLY | O_CLOEXEC);
	work = open(temporary_path(&temporary, "work"), O_RDONLY | O_CLOEXEC);
	return root == -1 || work == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(root);
	close(work);
	temporary_remove(&temporary);
	return 0;
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(temporary_path(&temporary, path), &st) == 0;
}

/* A run at that time that replaces one file; its name is returned. */
static const char *
run_at(int64_t now)
{
	static struct backup backup;

	temporary_file(&temporary, "root/a", "text");
	assert_int_equal(backup_open(&backup, work, now), 0);
	assert_int_equal(backup_keep(&backup, root, STR("a")), 0);
	assert_int_equal(backup.files, 1);
	assert_int_equal(backup_end(&backup), 0);
	backup_close(&backup);
	return backup.name;
}

/* The order of the names is that of the runs, whatever the clock says. */
static void
names(void **state)
{
	static const struct {
		int64_t now;
		const char *want;
	} table[] = {
		{ NOW, "2023-11-14T22:13:20Z" },
		{ NOW, "2023-11-14T22:13:21Z" },
		{ NOW + 10, "2023-11-14T22:13:30Z" },
		{ NOW - 86400, "2023-11-14T22:13:31Z" },
		{ 0, "2023-11-14T22:13:32Z" },
		{ UTC_MAX, "9999-12-31T23:59:59Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_string_equal(run_at(table[i].now), table[i].want);
	assert_true(exists("work/before/2023-11-14T22:13:32Z/a"));
	assert_false(exists("work/before/2023-11-14T22:13:31Z"));
}

/* After the last name that there is, nothing is kept, and so none replaced. */
static void
no_name_left(void **state)
{
	struct backup backup;

	(void)state;
	(void)run_at(UTC_MAX);
	assert_int_equal(backup_open(&backup, work, NOW), 0);
	assert_int_equal(backup_keep(&backup, root, STR("a")), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(backup.files, 0);
	backup_close(&backup);
}

/* Names that are not of a run are left alone, and counted. */
static void
strangers(void **state)
{
	struct backup backup;

	(void)state;
	(void)run_at(NOW);
	temporary_folder(&temporary, "work/before/1999");
	temporary_file(&temporary, "work/before/1999/b", "ten bytes.");
	temporary_link(&temporary, "work/before/2000-01-01T00:00:00Z", "1999");
	temporary_folder(&temporary, "work/before/2001-01-01T00:00:00Z");
	temporary_folder(
	    &temporary, "work/before/2001-01-01T00:00:00Z.replaced");
	temporary_file(&temporary,
	    "work/before/2001-01-01T00:00:00Z.replaced/c", "ten bytes.");
	assert_int_equal(backup_open(&backup, work, NOW), 0);
	assert_int_equal(backup.bytes, 24);
	backup_close(&backup);
	(void)run_at(NOW + 1);
	assert_true(exists("work/before/1999/b"));
	assert_false(exists("work/before/2000-01-01T00:00:00Z"));
	assert_false(exists("work/before/2001-01-01T00:00:00Z"));
	assert_false(exists("work/before/2001-01-01T00:00:00Z.replaced"));
	assert_int_equal(backup_open(&backup, work, NOW), 0);
	assert_int_equal(backup.bytes, 18);
	backup_close(&backup);
}

static void
nothing_there(void **state)
{
	struct backup backup;

	(void)state;
	temporary_folder(&temporary, "root/folder");
	temporary_link(&temporary, "root/link", "../work");
	assert_int_equal(backup_open(&backup, work, NOW), 0);
	assert_int_equal(backup_keep(&backup, root, STR("none")), 0);
	assert_int_equal(backup_keep(&backup, root, STR("none/a")), 0);
	assert_int_equal(backup_keep(&backup, root, STR("folder")), 0);
	assert_int_equal(backup_take(&backup, root, STR("folder")), 0);
	assert_int_equal(backup_take(&backup, root, STR("link/a")), 0);
	assert_int_equal(backup.files, 0);
	assert_true(exists("root/folder"));
	assert_false(exists("work/before"));
	backup_close(&backup);
	assert_int_equal(backup_reopen(&backup), -1);
	assert_int_equal(errno, ENOENT);
}

/* A run that can keep nothing costs no files of the runs before. */
static void
runs_in_vain(void **state)
{
	/* Files that have no other name on this disk. */
	int elsewhere = open("/proc/self", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_not_equal(elsewhere, -1);
	(void)run_at(NOW);
	(void)run_at(NOW + 1);
	for (int i = 2; i < 5; i++) {
		struct backup backup;

		assert_int_equal(backup_open(&backup, work, NOW + i), 0);
		assert_int_equal(
		    backup_keep(&backup, elsewhere, STR("net/dev")), -1);
		assert_int_equal(errno, EXDEV);
		assert_int_equal(backup_end(&backup), 0);
		backup_close(&backup);
	}
	close(elsewhere);
	assert_true(exists("work/before/2023-11-14T22:13:20Z/a"));
	assert_true(exists("work/before/2023-11-14T22:13:21Z/a"));
	assert_false(exists("work/before/2023-11-14T22:13:24Z"));
	(void)run_at(NOW + 5);
	assert_false(exists("work/before/2023-11-14T22:13:20Z"));
	assert_true(exists("work/before/2023-11-14T22:13:21Z/a"));
}

/* One that could not even begin leaves nothing. */
static void
no_memory(void **state)
{
	struct backup backup;

	(void)state;
	(void)run_at(NOW);
	assert_int_equal(backup_open(&backup, work, NOW + 1), 0);
	scarce_memory(1);
	assert_int_equal(backup_keep(&backup, root, STR("a")), -1);
	scarce_memory(0);
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(backup_end(&backup), 0);
	backup_close(&backup);
	assert_false(exists("work/before/2023-11-14T22:13:21Z"));
}

/* Runs that were killed do not heap up. */
static void
killed_runs(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct backup backup;

		temporary_file(&temporary, "root/a", "text");
		assert_int_equal(backup_open(&backup, work, NOW + i), 0);
		assert_int_equal(backup_keep(&backup, root, STR("a")), 0);
		backup_close(&backup);
	}
	assert_false(exists("work/before/2023-11-14T22:13:21Z"));
	assert_true(exists("work/before/2023-11-14T22:13:22Z/a"));
	assert_true(exists("work/before/2023-11-14T22:13:24Z/a"));
}

/* Of two that are kept under one name the first counts. */
static void
kept_twice(void **state)
{
	struct backup backup;
	char text[8] = "";
	int fd;

	(void)state;
	temporary_file(&temporary, "root/a", "first");
	assert_int_equal(backup_open(&backup, work, NOW), 0);
	assert_int_equal(backup_keep(&backup, root, STR("a")), 0);
	assert_int_equal(unlinkat(root, "a", 0), 0);
	temporary_file(&temporary, "root/a", "second");
	assert_int_equal(backup_keep(&backup, root, STR("a")), 0);
	backup_close(&backup);
	fd = open(
	    temporary_path(&temporary, "work/before/2023-11-14T22:13:20Z/a"),
	    O_RDONLY);
	assert_int_equal(read(fd, text, sizeof text), 5);
	assert_string_equal(text, "first");
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    no_name_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strangers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    nothing_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    runs_in_vain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kept_twice, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
