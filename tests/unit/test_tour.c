/* A tour through a tree: what is met, in which order, in which steps. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scarce.h"
#include "temporary.h"
#include "tree/tour.h"

#define PATHS_MAX 20000

static struct temporary folder;
static const char *const hide[] = { "*~", "#*#", NULL };
static struct tree tree;
static char paths[PATHS_MAX][32];

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	return tree_init(&tree, folder.path, hide);
}

static int
tear_down(void **state)
{
	(void)state;
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

/* Fills `paths` with what a tour from `path` meets; returns how many. */
static size_t
collect(const char *path)
{
	struct tour *tour = tour_open(&tree, str_of(path), false);
	struct tour_file file;
	size_t count = 0;
	int result;

	assert_non_null(tour);
	while ((result = tour_next(tour, &file)) == 1) {
		assert_false(tree_is_directory(&file.entry));
		close(file.entry.fd);
		assert_true(count < PATHS_MAX);
		snprintf(paths[count++], sizeof paths[0], "%.*s",
		    STR_ARG(file.path));
	}
	assert_int_equal(result, 0);
	tour_close(tour);
	return count;
}

static void
paths_come_in_the_order_of_their_bytes(void **state)
{
	static const char *const want[] = { ".well-known/known", "A", "a-b",
		"a.txt", "a/b", "a/c/d", "a0", "b\nc", "to-file", "z\xff" };
	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		if (i == 4)
			temporary_folder(&folder, "a");
		if (i == 5)
			temporary_folder(&folder, "a/c");
		if (i == 0)
			temporary_folder(&folder, ".well-known");
		if (strcmp(want[i], "to-file") != 0)
			temporary_file(&folder, want[i], "x");
	}
	temporary_link(&folder, "linked", "a");
	temporary_link(&folder, "to-file", "a.txt");
	temporary_link(&folder, "outside", "/etc");
	temporary_link(&folder, "dangling", "nowhere");
	temporary_file(&folder, ".hidden", "x");
	temporary_file(&folder, "#a.txt#", "x");
	temporary_folder(&folder, "empty");
	temporary_check(
	    mkfifo(temporary_path(&folder, "fifo"), 0644) == 0, "fifo");
	assert_int_equal(collect("/"), sizeof want / sizeof *want);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		assert_string_equal(paths[i], want[i]);
}

static void
it_may_begin_below(void **state)
{
	(void)state;
	temporary_folder(&folder, "a");
	temporary_folder(&folder, "a/b");
	temporary_file(&folder, "a/b/c", "x");
	temporary_file(&folder, "d", "x");
	assert_int_equal(collect("/a/"), 1);
	assert_string_equal(paths[0], "a/b/c");
	/* What is no directory has nothing in it. */
	assert_null(tour_open(&tree, STR("/d/"), false));
	assert_null(tour_open(&tree, STR("/none/"), false));
}

/* Each file once, and an end. */
static void
links_to_directories_are_not_followed(void **state)
{
	(void)state;
	temporary_folder(&folder, "a");
	temporary_file(&folder, "a/file", "x");
	temporary_link(&folder, "a/up", "..");
	temporary_link(&folder, "b", "a");
	temporary_link(&folder, "loop", "loop");
	assert_int_equal(collect("/"), 1);
	assert_string_equal(paths[0], "a/file");
	/* Unless it begins there. */
	assert_int_equal(collect("/b/"), 1);
	assert_string_equal(paths[0], "b/file");
}

static void
many_names_come_in_order(void **state)
{
	enum {
		COUNT = 5000
	};
	(void)state;
	temporary_folder(&folder, "many");
	for (int i = 0; i < COUNT; i++) {
		char name[32];

		/* In an order that is neither theirs nor its opposite. */
		snprintf(name, sizeof name, "many/%d", i * 1237 % COUNT);
		temporary_file(&folder, name, "");
	}
	assert_int_equal(collect("/"), COUNT);
	for (size_t i = 1; i < COUNT; i++)
		assert_true(strcmp(paths[i - 1], paths[i]) < 0);
}

/* Gone, or another thing by now: it is as if it had never been there. */
static void
what_is_gone_is_left_out(void **state)
{
	struct tour *tour;
	struct tour_file file;

	(void)state;
	temporary_file(&folder, "a", "x");
	temporary_file(&folder, "b", "x");
	temporary_file(&folder, "c", "x");
	temporary_folder(&folder, "d");
	temporary_file(&folder, "d/e", "x");
	tour = tour_open(&tree, STR("/"), false);
	assert_int_equal(tour_next(tour, &file), 1);
	close(file.entry.fd);
	assert_int_equal(unlink(temporary_path(&folder, "b")), 0);
	assert_int_equal(unlink(temporary_path(&folder, "d/e")), 0);
	assert_int_equal(rmdir(temporary_path(&folder, "d")), 0);
	temporary_file(&folder, "d", "x");
	assert_int_equal(tour_next(tour, &file), 1);
	close(file.entry.fd);
	assert_true(str_equals(file.path, STR("c")));
	assert_int_equal(tour_next(tour, &file), 0);
	tour_close(tour);
}

static void
it_may_be_left_anywhere(void **state)
{
	struct tour *tour;
	struct tour_file file;

	(void)state;
	temporary_folder(&folder, "a");
	temporary_folder(&folder, "a/b");
	temporary_file(&folder, "a/b/c", "x");
	tour_close(tour_open(&tree, STR("/"), false));
	tour = tour_open(&tree, STR("/"), false);
	assert_int_equal(tour_next(tour, &file), 1);
	close(file.entry.fd);
	tour_close(tour);
	tour_close(NULL);
}

/* Goes to the end, or to what fails; returns that, and how many were met. */
static int
go_on(struct tour *tour, size_t *count)
{
	struct tour_file file;
	int result;

	*count = 0;
	while ((result = tour_next(tour, &file)) != 0) {
		if (result == -1)
			return errno;
		close(file.entry.fd);
		++*count;
	}
	return 0;
}

static void
want_of_memory_is_said(void **state)
{
	enum {
		FILES = 600 /* the heap has to grow */
	};
	int result = -1;

	(void)state;
	temporary_folder(&folder, "a");
	for (int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof name, "a/%d", i);
		temporary_file(&folder, name, "x");
	}
	for (size_t n = 1; result != 0; n++) {
		struct tour *tour;
		size_t count = 0;

		scarce_memory(n);
		tour = tour_open(&tree, STR("/"), false);
		result = tour != NULL ? go_on(tour, &count) : ENOMEM;
		scarce_memory(0);
		assert_true(result == 0 || result == ENOMEM);
		assert_int_equal(count, result == 0 ? FILES : 0);
		assert_true(n > 3 || result == ENOMEM);
		tour_close(tour);
	}
}

/* What cannot be opened now is there all the same: no end is claimed. */
static void
want_of_descriptors_is_said(void **state)
{
	static const char *const table[] = { "/file/", "/folder/" };

	(void)state;
	temporary_folder(&folder, "file");
	temporary_file(&folder, "file/a", "x");
	temporary_file(&folder, "file/b", "x");
	temporary_folder(&folder, "folder");
	temporary_file(&folder, "folder/a", "x");
	temporary_folder(&folder, "folder/b");
	scarce_files(0);
	assert_null(tour_open(&tree, STR("/file/"), false));
	scarce_files_end();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct tour *tour = tour_open(&tree, str_of(table[i]), false);
		struct tour_file file;
		size_t count;

		assert_int_equal(tour_next(tour, &file), 1);
		scarce_files(0);
		assert_int_equal(go_on(tour, &count), EMFILE);
		scarce_files_end();
		close(file.entry.fd);
		assert_int_equal(count, 0);
		tour_close(tour);
	}
}

/* A file's name that a directory has by now, and no room for a path. */
static void
what_is_no_file_is_left_out(void **state)
{
	static char path[8192];
	struct tour *tour;
	struct tour_file file;
	size_t count;

	(void)state;
	temporary_file(&folder, "a", "x");
	temporary_file(&folder, "b", "x");
	tour = tour_open(&tree, STR("/"), false);
	assert_int_equal(tour_next(tour, &file), 1);
	close(file.entry.fd);
	assert_int_equal(unlink(temporary_path(&folder, "b")), 0);
	temporary_folder(&folder, "b");
	assert_int_equal(go_on(tour, &count), 0);
	assert_int_equal(count, 0);
	tour_close(tour);
	memset(path, '/', sizeof path - 1);
	assert_null(tour_open(&tree, str_of(path), false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    paths_come_in_the_order_of_their_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    it_may_begin_below, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    links_to_directories_are_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    many_names_come_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_gone_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    it_may_be_left_anywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    want_of_memory_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    want_of_descriptors_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_no_file_is_left_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
