/* Folders beneath an open one: no link is followed, and no depth is too much.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "mirror/dir.h"
#include "temporary.h"

#define DEPTH ((size_t)600)

static struct temporary temporary;
static struct arena arena;
static int root;

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&temporary);
	temporary_folder(&temporary, "root");
	temporary_folder(&temporary, "outside");
	temporary_file(&temporary, "outside/victim", "precious");
	root = open(temporary_path(&temporary, "root"), O_RDONLY | O_CLOEXEC);
	arena_init(&arena, (size_t)64 << 20);
	return root == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(root);
	arena_release(&arena);
	temporary_remove(&temporary);
	return 0;
}

static void
listed(void **state)
{
	/* "." is before "/". */
	static const struct {
		const char *path;
		bool is_folder, is_file;
		uint64_t size;
	} want[] = {
		{ "a", true, false, 0 },
		{ "a.txt", false, true, 2 },
		{ "a/b", true, false, 0 },
		{ "a/b/file", false, true, 4 },
		{ "fifo", false, false, 0 },
		{ "link", false, false, 0 },
	};
	struct dir_list list;

	(void)state;
	temporary_file(&temporary, "root/a.txt", "12");
	temporary_folder(&temporary, "root/a");
	temporary_folder(&temporary, "root/a/b");
	temporary_file(&temporary, "root/a/b/file", "1234");
	temporary_link(&temporary, "root/link", "../outside");
	assert_int_equal(
	    mkfifo(temporary_path(&temporary, "root/fifo"), 0600), 0);
	assert_int_equal(dir_list(root, &arena, &list), 0);
	assert_int_equal(list.count, sizeof want / sizeof *want);
	for (size_t i = 0; i < list.count; i++) {
		const struct dir_entry *entry = &list.entries[i];

		assert_string_equal(entry->path.at, want[i].path);
		assert_int_equal(entry->is_folder, want[i].is_folder);
		assert_int_equal(entry->is_file, want[i].is_file);
		if (entry->is_file)
			assert_int_equal(entry->size, want[i].size);
	}
}

static void
no_memory(void **state)
{
	struct dir_list list;

	(void)state;
	temporary_file(&temporary, "root/a", "1");
	arena_fail_at(&arena, 1);
	assert_int_equal(dir_list(root, &arena, &list), -1);
	assert_int_equal(errno, ENOMEM);
}

/* A link is removed, and its target stays. */
static void
removed(void **state)
{
	struct stat st;

	(void)state;
	temporary_folder(&temporary, "root/a");
	temporary_folder(&temporary, "root/a/b");
	temporary_file(&temporary, "root/a/b/file", "1");
	temporary_link(&temporary, "root/a/folder", "../../outside");
	temporary_link(&temporary, "root/a/file", "../../outside/victim");
	temporary_link(&temporary, "root/link", "../outside");
	assert_int_equal(dir_remove(root, "a"), 0);
	assert_int_equal(dir_remove(root, "link"), 0);
	assert_int_equal(dir_remove(root, "none"), 0);
	assert_int_equal(fstatat(root, "a", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(fstatat(root, "link", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(
	    stat(temporary_path(&temporary, "outside/victim"), &st), 0);
}

/* Deeper than there are descriptors. */
static void
deep(void **state)
{
	char path[2 * DEPTH + sizeof "file"];
	struct rlimit before, few;
	struct dir_list list;
	char name[NAME_MAX + 1];
	struct stat st;
	int dir;

	(void)state;
	for (size_t i = 0; i < DEPTH; i++)
		memcpy(path + 2 * i, "d/", 2);
	memcpy(path + sizeof path - sizeof "file", "file", sizeof "file");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 64, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	dir = dir_parent(root, str_of(path), true, name);
	assert_true(dir != -1);
	assert_string_equal(name, "file");
	assert_int_equal(mkdirat(dir, name, 0700), 0);
	close(dir);
	assert_int_equal(dir_list(root, &arena, &list), 0);
	assert_int_equal(list.count, DEPTH + 1);
	assert_int_equal(dir_remove(root, "d"), 0);
	assert_int_equal(fstatat(root, "d", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(listed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(deep, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
