/* News of changes: which file they name, and what they leave open. */
#include "sys/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary.h"

static struct temporary folder;
static struct watch *watch;
static char heard[4096];

static int
set_up(void **state)
{
	(void)state;
	watch = watch_open();
	if (watch == NULL)
		return 0;
	temporary_make(&folder);
	temporary_folder(&folder, "d");
	temporary_folder(&folder, "d/e");
	assert_int_equal(chdir(folder.path), 0);
	assert_int_equal(watch_add(watch, 0, "."), 0);
	assert_int_equal(watch_add(watch, 0, "d/"), 0);
	assert_int_equal(watch_add(watch, 0, "d/e/"), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (watch == NULL)
		return 0;
	watch_close(watch);
	assert_int_equal(chdir("/"), 0);
	temporary_remove(&folder);
	return 0;
}

/* Each path once, in the order of the first news of it. */
static void
on_change(void *context, size_t tree, const char *path)
{
	char text[256];

	(void)context;
	snprintf(text, sizeof text, "[%s%s]", tree == 1 ? "1:" : "",
	    path != NULL ? path : "?");
	if (strstr(heard, text) == NULL)
		strncat(heard, text, sizeof heard - strlen(heard) - 1);
}

static void
expect(const char *paths)
{
	heard[0] = '\0';
	assert_int_equal(watch_read(watch, on_change, NULL), paths[0] != '\0');
	assert_string_equal(heard, paths);
}

static void
paths(void **state)
{
	(void)state;
	if (watch == NULL)
		skip();
	expect("");
	temporary_file(&folder, "a", "x");
	expect("[a]");
	temporary_file(&folder, "d/e/b", "x");
	assert_int_equal(chmod("d/e/b", 0600), 0);
	expect("[d/e/b]");
	assert_int_equal(rename("a", "d/a"), 0);
	expect("[a][d/a]");
	assert_int_equal(unlink("d/a"), 0);
	expect("[d/a]");
	assert_int_equal(chmod(".", 0700), 0);
	expect("[?]");
}

/* A directory that moves keeps its number, and has another path. */
static void
directories_move(void **state)
{
	(void)state;
	if (watch == NULL)
		skip();
	assert_int_equal(rename("d/e", "f"), 0);
	expect("[d/e][f]");
	assert_int_equal(watch_add(watch, 0, "f/"), 0);
	temporary_file(&folder, "f/b", "x");
	expect("[f/b]");
	assert_int_equal(watch_add(watch, 0, "none/"), 0);
}

/* Those that are removed take no room. */
static void
directories_come_and_go(void **state)
{
	char name[16], path[32], want[64];

	(void)state;
	if (watch == NULL)
		skip();
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "n%d", i);
		snprintf(path, sizeof path, "n%d/", i);
		temporary_folder(&folder, name);
		assert_int_equal(watch_add(watch, 0, path), 0);
		snprintf(path, sizeof path, "n%d/x", i);
		temporary_file(&folder, path, "x");
		snprintf(want, sizeof want, "[%s][%s]", name, path);
		expect(want);
		if (i % 3 == 0)
			continue;
		assert_int_equal(unlink(path), 0);
		assert_int_equal(rmdir(name), 0);
		snprintf(want, sizeof want, "[%s][%s]", path, name);
		expect(want);
	}
	temporary_file(&folder, "n99/x", "xx");
	temporary_file(&folder, "d/e/x", "xx");
	expect("[n99/x][d/e/x]");
}

/* A directory of two trees is reported for both, by the path in each. */
static void
several_trees(void **state)
{
	(void)state;
	if (watch == NULL)
		skip();
	assert_int_equal(chdir("d"), 0);
	assert_int_equal(watch_add(watch, 1, "."), 0);
	assert_int_equal(watch_add(watch, 1, "e/"), 0);
	assert_int_equal(watch_add(watch, 1, "."), 0);
	temporary_file(&folder, "a", "x");
	expect("[a]");
	temporary_file(&folder, "d/b", "x");
	expect("[d/b][1:b]");
	temporary_file(&folder, "d/e/c", "x");
	expect("[d/e/c][1:e/c]");
	assert_int_equal(unlink("e/c"), 0);
	assert_int_equal(rmdir("e"), 0);
	expect("[d/e/c][1:e/c][d/e][1:e]");
	temporary_folder(&folder, "f");
	expect("[f]");
	/* The kernel does not reuse the number for a while; the path may be. */
	temporary_folder(&folder, "d/e");
	assert_int_equal(watch_add(watch, 1, "e/"), 0);
	temporary_file(&folder, "d/e/c", "x");
	expect("[d/e][1:e][1:e/c]");
}

static void
nothing_is_closed_twice(void **state)
{
	(void)state;
	watch_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths),
		TEST(directories_move),
		TEST(directories_come_and_go),
		TEST(several_trees),
		cmocka_unit_test(nothing_is_closed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
