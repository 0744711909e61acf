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
	const struct zone zone = { STR("/private"), readers };
	struct host_config host = { .zones = { &zone, 1 } };
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
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
