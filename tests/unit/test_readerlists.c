/* Lists of readers that change while they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/readerlists.h"
#include "sys/log.h"
#include "temporary.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct temporary folder;
static bool replaces;

static void
put(const char *text)
{
	char name[4096];

	temporary_file(&folder, "new", text);
	snprintf(name, sizeof name, "%s", temporary_path(&folder, "new"));
	assert_int_equal(rename(name, temporary_path(&folder, "list")), 0);
}

/* In place of libc's: replaces the list after it was opened. */
int
fstat(int fd, struct stat *st)
{
	int result = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (replaces && S_ISREG(st->st_mode)) {
		replaces = false;
		put(HASH " alice\n");
	}
	return result;
}

static void
ignore(const char *text)
{
	(void)text;
}

static int
open_list(struct readerlists *lists, const char *path, char *text, size_t size)
{
	const char *const readers[] = { path, NULL };
	const struct rules_part part = { .readers = readers };
	struct host_config host = { .rules = { &part, 1, NULL, 0, NULL } };
	const struct config config = { .hosts = &host, .host_count = 1 };
	struct buf error = buf_over(text, size - 1);
	int result = readerlists_open(lists, &config, ignore, &error);

	text[error.len] = '\0';
	return result;
}

/* The good version must not be taken for the bad one, which is refused. */
static void
test_replaced_while_read(void **state)
{
	struct readerlists lists;
	char path[4096], error[512];

	(void)state;
	put("# nobody\n");
	snprintf(path, sizeof path, "%s", temporary_path(&folder, "list"));
	assert_int_equal(open_list(&lists, path, error, sizeof error), 0);
	put("# nobody\n");
	assert_int_equal(chmod(path, 0666), 0);
	replaces = true;
	assert_false(readerlists_look(&lists));
	assert_false(replaces);
	assert_int_equal(lists.files[0].count, 0);
	assert_true(readerlists_look(&lists));
	assert_int_equal(lists.files[0].count, 1);
	readerlists_release(&lists);
}

/* However long a path is, the error tells of it. */
static void
test_long_path(void **state)
{
	static const size_t lengths[] = { 10, 400, 500, 2000, 100000 };
	struct readerlists lists;
	char error[4608], *path;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		path = malloc(lengths[i] + 1);
		assert_non_null(path);
		memset(path, 'x', lengths[i]);
		path[0] = '/';
		path[lengths[i]] = '\0';
		assert_int_equal(
		    open_list(&lists, path, error, sizeof error), -1);
		assert_non_null(strstr(error, "readers: /xxx"));
		assert_non_null(strstr(error, "; make "));
		free(path);
	}
}

/* A file is read once, for readers and writers of all hosts. */
static void
test_readers_and_writers(void **state)
{
	static const struct {
		const char *name, *kind;
		bool has_readers, has_writers;
	} table[] = {
		{ "a", "readers", true, false },
		{ "b", "readers", true, true },
		{ "c", "writers", false, true },
	};
	static char paths[3][4096];
	const char *const readers[] = { "any", paths[0], paths[1], NULL };
	const char *const writers[] = { paths[1], paths[2], "any", NULL };
	const char *const none[] = { NULL };
	const struct rules_part parts[] = {
		{ .readers = readers },
		{ .readers = readers, .upload = { .writers = none } },
		{ .readers = none, .upload = { .writers = writers } },
	};
	struct host_config hosts[] = { { .rules = { parts, 2, NULL, 0, NULL } },
		{ .rules = { parts + 2, 1, NULL, 0, NULL } } };
	const struct config config = { .hosts = hosts, .host_count = 2 };
	struct readerlists lists;
	char text[512];
	struct buf error = buf_over(text, sizeof text - 1);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		temporary_file(&folder, table[i].name, HASH " alice\n");
		snprintf(paths[i], sizeof paths[i], "%s",
		    temporary_path(&folder, table[i].name));
	}
	assert_int_equal(readerlists_open(&lists, &config, ignore, &error), 0);
	assert_int_equal(lists.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct readerlists_file *file = &lists.files[i];

		assert_string_equal(file->path, paths[i]);
		assert_string_equal(readerlists_kind(file), table[i].kind);
		assert_int_equal(file->has_readers, table[i].has_readers);
		assert_int_equal(file->has_writers, table[i].has_writers);
		assert_int_equal(file->count, 1);
	}
	readerlists_release(&lists);
	assert_int_equal(chmod(paths[2], 0666), 0);
	assert_int_equal(readerlists_open(&lists, &config, ignore, &error), -1);
	text[error.len] = '\0';
	assert_non_null(strstr(text, "writers: /"));
	assert_non_null(strstr(text, "chmod go-w"));
}

static int
set_up(void **state)
{
	(void)state;
	log_mute(true);
	temporary_make(&folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	temporary_remove(&folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced_while_read),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_readers_and_writers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
