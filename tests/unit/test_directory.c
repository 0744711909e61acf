/* What a directory shows, in which order, under which titles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakeclock.h"
#include "scarce.h"
#include "sys/clock.h"
#include "temporary.h"
#include "tree/directory.h"

#define MANY 200
/* More than are read in one step. */
#define MORE 1000

static struct temporary folder;
static struct tree tree;
static struct arena arena;
static struct directory_cache cache;

static int
set_up(void **state)
{
	static const char *const files[] = { "file10.txt", "file2.txt",
		"file1.txt", ".hidden", "gophermap", "-dash", "a:colon",
		"new\nline", "\xff" };

	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "d");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char name[64];

		snprintf(name, sizeof name, "d/%s", files[i]);
		temporary_file(&folder, name, "x");
	}
	temporary_folder(&folder, "d/zoo");
	temporary_folder(&folder, "d/bar");
	temporary_folder(&folder, "d/.git");
	temporary_folder(&folder, "d/.well-known");
	temporary_file(&folder, "d/titled.gmi", "text\n## Part\n# Title\n");
	temporary_file(&folder, "d/untitled.gmi", "text\n");
	temporary_file(&folder, "d/titled.txt", "# No gemtext\n");
	temporary_link(&folder, "d/inside", "file1.txt");
	temporary_link(&folder, "d/to-folder", "bar");
	temporary_link(&folder, "d/outside", "/etc/passwd");
	temporary_link(&folder, "d/dangling", "nowhere");
	temporary_check(
	    mkfifo(temporary_path(&folder, "d/fifo"), 0644) == 0, "fifo");
	temporary_folder(&folder, "many");
	for (int i = 0; i < MANY; i++) {
		char name[128];

		snprintf(name, sizeof name, "many/%0100d", i);
		temporary_file(&folder, name, "");
	}
	arena_init(&arena, 1 << 20);
	return tree_init(&tree, folder.path);
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

/* However many steps that takes on a busy machine. */
static int
finish(struct directory *directory)
{
	int ready = 0;

	while (ready == 0)
		ready = directory_more(directory);
	return ready;
}

static enum status
open_path(struct str path, struct directory **directory)
{
	struct entry entry;
	enum status status;

	assert_int_equal(tree_open(&tree, path, &entry), STATUS_SUCCESS);
	status = directory_open(&cache, &tree, path, &entry, directory);
	close(entry.fd);
	if (status != STATUS_SUCCESS)
		return status;
	if (finish(*directory) == 1)
		return STATUS_SUCCESS;
	directory_close(*directory);
	return STATUS_FAILURE;
}

static enum status
open_it(struct directory **directory)
{
	return open_path(STR("/d/"), directory);
}

static void
order(void **state)
{
	static const struct {
		const char *name;
		bool is_directory;
	} want[] = {
		{ ".well-known", true },
		{ "bar", true },
		{ "to-folder", true },
		{ "zoo", true },
		{ "-dash", false },
		{ "a:colon", false },
		{ "file1.txt", false },
		{ "file2.txt", false },
		{ "file10.txt", false },
		{ "inside", false },
		{ "new\nline", false },
		{ "titled.gmi", false },
		{ "titled.txt", false },
		{ "untitled.gmi", false },
		{ "\xff", false },
	};
	struct directory *directory;

	(void)state;
	assert_int_equal(open_it(&directory), STATUS_SUCCESS);
	for (size_t i = 0; i < directory->count; i++) {
		assert_in_range(i, 0, sizeof want / sizeof *want - 1);
		assert_string_equal(
		    directory->entries[i].name.at, want[i].name);
		assert_int_equal(
		    directory->entries[i].is_directory, want[i].is_directory);
	}
	assert_int_equal(directory->count, sizeof want / sizeof *want);
	directory_close(directory);
}

/* Around the lengths of the runs that are put in order at once. */
static void
order_of_many(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 511, 512, 513, 1024, 1025,
		2500 };
	size_t made = 0;
	struct directory *directory;

	(void)state;
	temporary_folder(&folder, "lots");
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		for (; made < counts[i]; made++) {
			char name[64];

			/* In no order that a directory may have. */
			snprintf(name, sizeof name, "lots/f%zu",
			    made * 7919 % 100003);
			temporary_file(&folder, name, "");
		}
		assert_int_equal(
		    open_path(STR("/lots/"), &directory), STATUS_SUCCESS);
		assert_int_equal(finish(directory), 1);
		assert_int_equal(directory->count, made);
		for (size_t n = 1; n < made; n++)
			assert_true(
			    strverscmp(directory->entries[n - 1].name.at,
				directory->entries[n].name.at) < 0);
		directory_close(directory);
	}
}

static void
titles(void **state)
{
	static const struct {
		struct str name;
		const char *title;
	} table[] = {
		{ STR_INIT("titled.gmi"), "Title" },
		{ STR_INIT("untitled.gmi"), "" },
		{ STR_INIT("titled.txt"), "" },
		{ STR_INIT("none.gmi"), "" },
		{ STR_INIT("bar"), "" },
	};
	struct str title;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		directory_title(
		    &tree, &arena, STR("/d/"), table[i].name, &title);
		assert_int_equal(title.len, strlen(table[i].title));
		assert_memory_equal(title.at, table[i].title, title.len);
	}
	/* No room for a title is none. */
	arena_fail_at(&arena, 1);
	directory_title(&tree, &arena, STR("/d/"), STR("titled.gmi"), &title);
	arena_fail_at(&arena, 0);
	assert_int_equal(title.len, 0);
}

/* One that has just changed may change again unseen: it is read again. */
static void
new_ones_are_not_remembered(void **state)
{
	const struct timespec old[2] = { { .tv_sec = 1000 },
		{ .tv_sec = 1000 } };
	struct directory *first, *second;

	(void)state;
	fakeclock_stop();
	/* Its own time says nothing of the change, which is now. */
	assert_int_equal(
	    utimensat(AT_FDCWD, temporary_path(&folder, "d"), old, 0), 0);
	assert_int_equal(open_it(&first), STATUS_SUCCESS);
	assert_int_equal(open_it(&second), STATUS_SUCCESS);
	assert_ptr_not_equal(first, second);
	directory_close(first);
	directory_close(second);
	assert_int_equal(cache.held, 0);
	fakeclock_run();
}

/* Opens it as one that changed long ago, at a second of its own. */
static struct directory *
open_settled(time_t then)
{
	struct directory *directory;
	struct entry entry;

	assert_int_equal(tree_open(&tree, STR("/d/"), &entry), STATUS_SUCCESS);
	entry.st.st_ctim.tv_sec = then;
	assert_int_equal(
	    directory_open(&cache, &tree, STR("/d/"), &entry, &directory),
	    STATUS_SUCCESS);
	close(entry.fd);
	finish(directory);
	return directory;
}

static void
others_are_shared(void **state)
{
	static const struct {
		unsigned later_ms;
		time_t changed;
		bool is_same; /* as the one before */
	} rows[] = { { 0, 1, true }, { 2999, 1, true }, { 1, 1, false },
		{ 0, 1, true }, { 0, 2, false } };
	struct directory *last;

	(void)state;
	fakeclock_stop();
	last = open_settled(1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct directory *next;

		fakeclock_forward_ms(rows[i].later_ms);
		next = open_settled(rows[i].changed);
		if ((next == last) != rows[i].is_same)
			fail_msg("row %zu", i);
		directory_close(last);
		last = next;
	}
	directory_close(last);
	assert_int_not_equal(cache.held, 0);
	directory_cache_release(&cache);
	assert_int_equal(cache.held, 0);
	fakeclock_run();
}

/* How long it is remembered when `wait_ms` pass between its steps. */
static long
remembered_ms(unsigned wait_ms)
{
	struct directory *directory;
	struct entry entry;
	long ms;

	fakeclock_stop();
	fakeclock_tick_us(1000);
	assert_int_equal(
	    tree_open(&tree, STR("/more/"), &entry), STATUS_SUCCESS);
	assert_int_equal(
	    directory_open(&cache, &tree, STR("/more/"), &entry, &directory),
	    STATUS_SUCCESS);
	assert_non_null(directory->work);
	while (directory_more(directory) == 0)
		fakeclock_forward_ms(wait_ms);
	fakeclock_tick_us(0);
	ms = clock_until_ms(&directory->until);
	close(entry.fd);
	directory_close(directory);
	directory_cache_release(&cache);
	fakeclock_run();
	return ms;
}

/* On a busy server much time goes by that was not spent on it. */
static void
waiting_is_not_reading(void **state)
{
	long at_once;

	(void)state;
	temporary_folder(&folder, "more");
	for (int i = 0; i < MORE; i++) {
		char name[64];

		snprintf(name, sizeof name, "more/%d", i);
		temporary_file(&folder, name, "");
	}
	at_once = remembered_ms(0);
	assert_true(at_once > 3000);
	assert_int_equal(remembered_ms(200), at_once);
}

static void
memory_is_bounded(void **state)
{
	struct directory *directory;

	(void)state;
	cache.held = (size_t)1 << 30;
	assert_int_equal(open_it(&directory), STATUS_UNAVAILABLE);
	cache.held = 0;
}

static void
only_the_last_are_remembered(void **state)
{
	struct directory *first = open_settled(1), *other;

	(void)state;
	for (time_t then = 2; then <= DIRECTORY_CACHE_SLOTS + 1; then++)
		directory_close(open_settled(then));
	/* Forgotten, and yet whole for who still reads it. */
	other = open_settled(1);
	assert_ptr_not_equal(first, other);
	assert_int_equal(first->count, other->count);
	assert_string_equal(first->entries[0].name.at, ".well-known");
	directory_close(first);
	directory_close(other);
	directory_cache_release(&cache);
	assert_int_equal(cache.held, 0);
}

/* A list that is not whole is no list, and leaves nothing behind. */
static void
lack_of_memory_is_a_failure(void **state)
{
	struct directory *directory;
	size_t n;

	(void)state;
	for (n = 1; n < 20; n++) {
		enum status status;

		scarce_memory(n);
		status = open_path(STR("/many/"), &directory);
		scarce_memory(0);
		if (status == STATUS_SUCCESS)
			break;
		assert_int_equal(status, STATUS_FAILURE);
		assert_int_equal(cache.held, 0);
	}
	assert_in_range(n, 3, 19);
	assert_int_equal(directory->count, MANY);
	directory_close(directory);
	directory_cache_release(&cache);
}

static void
lack_of_descriptors_is_a_failure(void **state)
{
	struct directory *directory;
	enum status status;

	(void)state;
	scarce_files(1);
	status = open_it(&directory);
	scarce_files_end();
	assert_int_equal(status, STATUS_FAILURE);
	assert_int_equal(cache.held, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(order_of_many),
		cmocka_unit_test(titles),
		cmocka_unit_test(new_ones_are_not_remembered),
		cmocka_unit_test(others_are_shared),
		cmocka_unit_test(waiting_is_not_reading),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(only_the_last_are_remembered),
		cmocka_unit_test(lack_of_memory_is_a_failure),
		cmocka_unit_test(lack_of_descriptors_is_a_failure),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
