/* What a directory shows, in which order, under which titles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary.h"
#include "tree/directory.h"

static struct temporary folder;
static struct tree tree;
static struct arena arena;

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

static enum status
read_it(struct directory *directory)
{
	struct entry entry;
	enum status status;

	assert_int_equal(tree_open(&tree, STR("/d/"), &entry), STATUS_SUCCESS);
	status = directory_read(directory, &tree, &arena, STR("/d/"), &entry);
	close(entry.fd);
	return status;
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
	assert_int_equal(read_it(&directory), STATUS_SUCCESS);
	for (size_t i = 0; i < directory.count; i++) {
		assert_in_range(i, 0, sizeof want / sizeof *want - 1);
		assert_string_equal(directory.entries[i].name.at, want[i].name);
		assert_int_equal(
		    directory.entries[i].is_directory, want[i].is_directory);
	}
	assert_int_equal(directory.count, sizeof want / sizeof *want);
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
}

static void
lack_of_memory_is_a_failure(void **state)
{
	struct directory directory;
	enum status status = STATUS_FAILURE;
	size_t n = 0;

	(void)state;
	while (status != STATUS_SUCCESS && ++n < 100) {
		arena_fail_at(&arena, n);
		status = read_it(&directory);
		arena_fail_at(&arena, 0);
	}
	assert_in_range(n, 2, 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(titles),
		cmocka_unit_test(lack_of_memory_is_a_failure),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
