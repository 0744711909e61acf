/* What a directory shows, in which order, under which titles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "scarce.h"
#include "tree/directory.h"

#define MANY 200

static const char *const hide[] = { "*~", "#*#", NULL };

static int
set_up(void **state)
{
	static const char *const files[] = { "file10.txt", "file2.txt",
		"file1.txt", ".hidden", "file1.txt~", "-dash", "a:colon",
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
	return tree_init(&tree, folder.path, hide);
}

static enum status
open_some(struct str path, size_t most, struct directory *directory)
{
	struct directory_place place = { .tree = &tree, .path = path };
	struct entry entry;
	enum status status;

	assert_int_equal(tree_open(&tree, path, &entry), STATUS_SUCCESS);
	place.fd = entry.fd;
	status = directory_read(&place, most, directory);
	close(entry.fd);
	return status;
}

static enum status
open_path(struct str path, struct directory *directory)
{
	return open_some(path, SIZE_MAX, directory);
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
	struct directory directory;

	(void)state;
	assert_int_equal(open_path(STR("/d/"), &directory), STATUS_SUCCESS);
	for (size_t i = 0; i < directory.count; i++) {
		assert_in_range(i, 0, sizeof want / sizeof *want - 1);
		assert_string_equal(directory.entries[i].name.at, want[i].name);
		assert_int_equal(
		    directory.entries[i].type == DT_DIR, want[i].is_directory);
	}
	assert_int_equal(directory.count, sizeof want / sizeof *want);
	directory_release(&directory);
}

static void
order_of_many(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 32, 33, 1025, 2500 };
	size_t made = 0;
	struct directory directory;

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
		assert_int_equal(directory.count, made);
		for (size_t n = 1; n < made; n++)
			assert_true(strverscmp(directory.entries[n - 1].name.at,
					directory.entries[n].name.at) < 0);
		directory_release(&directory);
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

/* Hidden names count, too: they take time. */
static void
limit(void **state)
{
	static const struct {
		struct str path;
		size_t most;
		enum status status;
	} table[] = {
		{ STR_INIT("/many/"), MANY, STATUS_SUCCESS },
		{ STR_INIT("/many/"), MANY - 1, STATUS_TOO_LARGE },
		{ STR_INIT("/many/"), 0, STATUS_TOO_LARGE },
		{ STR_INIT("/hidden/"), 3, STATUS_SUCCESS },
		{ STR_INIT("/hidden/"), 2, STATUS_TOO_LARGE },
	};
	struct directory directory;

	(void)state;
	temporary_folder(&folder, "hidden");
	temporary_file(&folder, "hidden/.a", "");
	temporary_file(&folder, "hidden/.b", "");
	temporary_file(&folder, "hidden/c", "");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		enum status status =
		    open_some(table[i].path, table[i].most, &directory);

		if (status != table[i].status)
			fail_msg("row %zu: %d", i, (int)status);
		if (status == STATUS_SUCCESS)
			directory_release(&directory);
	}
}

/* All that a process holds at once is bounded, however many read it. */
static void
memory_is_bounded(void **state)
{
	enum {
		MOST = 8192
	};
	static struct directory held[MOST];
	size_t count = 0;
	enum status status = STATUS_SUCCESS;

	(void)state;
	while (count < MOST && status == STATUS_SUCCESS)
		status = open_path(STR("/many/"), &held[count++]);
	assert_int_equal(status, STATUS_UNAVAILABLE);
	for (size_t i = 0; i < count - 1; i++)
		directory_release(&held[i]);
	assert_int_equal(open_path(STR("/many/"), &held[0]), STATUS_SUCCESS);
	directory_release(&held[0]);
}

/* A list that is not whole is no list, and leaves nothing behind. */
static void
lack_of_memory_is_a_failure(void **state)
{
	struct directory directory;
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
	}
	assert_in_range(n, 3, 19);
	assert_int_equal(directory.count, MANY);
	directory_release(&directory);
}

static void
lack_of_descriptors_is_a_failure(void **state)
{
	struct directory directory;
	enum status status;

	(void)state;
	scarce_files(1);
	status = open_path(STR("/d/"), &directory);
	scarce_files_end();
	assert_int_equal(status, STATUS_FAILURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(order_of_many),
		cmocka_unit_test(titles),
		cmocka_unit_test(limit),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(lack_of_memory_is_a_failure),
		cmocka_unit_test(lack_of_descriptors_is_a_failure),
	};

	return cmocka_run_group_tests(tests, set_up, folder_tear_down);
}
