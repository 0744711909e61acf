/* Lookup beneath a root, by the system's call and by our own walk. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <seccomp.h>
#include <sys/wait.h>

#include "temporary.h"
#include "tree/beneath.h"

static struct temporary tree;
static int root = -1;

static int
set_up(void **state)
{
	char name[256];

	(void)state;
	temporary_make(&tree);
	temporary_folder(&tree, "root");
	temporary_folder(&tree, "root/a");
	temporary_folder(&tree, "root/a/b");
	temporary_file(&tree, "outside", "secret");
	temporary_file(&tree, "root/top", "top");
	temporary_file(&tree, "root/a/b/deep", "deep");
	temporary_link(&tree, "root/inner", "a/b/deep");
	temporary_link(&tree, "root/a/up", "../top");
	temporary_link(&tree, "root/folder", "a/b");
	temporary_link(&tree, "root/out", "../outside");
	temporary_link(&tree, "root/a/out", "../../outside");
	temporary_link(&tree, "root/absolute", "/etc/passwd");
	temporary_link(&tree, "root/round", "../root/top");
	temporary_link(&tree, "root/loop", "loop");
	temporary_link(&tree, "root/dangling", "nowhere");
	temporary_check(
	    mkfifo(temporary_path(&tree, "root/fifo"), 0644) == 0, "fifo");
	memset(name, 'n', 255);
	name[255] = '\0';
	root = open(temporary_path(&tree, "root"), O_RDONLY | O_DIRECTORY);
	close(openat(root, name, O_WRONLY | O_CREAT, 0644));
	return root == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	close(root);
	temporary_remove(&tree);
	return 0;
}

static const struct {
	const char *path;
	int error; /* 0: it opens */
	const char *text;
} table[] = {
	{ "top", 0, "top" },
	{ ".", 0, NULL },
	{ "a", 0, NULL },
	{ "a/", 0, NULL },
	{ "a//b/./deep", 0, "deep" },
	{ "a/b/deep", 0, "deep" },
	{ "a/../top", 0, "top" },
	{ "inner", 0, "deep" },
	{ "a/up", 0, "top" },
	{ "folder/deep", 0, "deep" },
	{ "fifo", 0, NULL },
	{ "out", EXDEV, NULL },
	{ "a/out", EXDEV, NULL },
	{ "folder/../../../outside", EXDEV, NULL },
	{ "absolute", EXDEV, NULL },
	{ "round", EXDEV, NULL },
	{ "..", EXDEV, NULL },
	{ "../outside", EXDEV, NULL },
	{ "a/../../outside", EXDEV, NULL },
	{ "/etc/passwd", EXDEV, NULL },
	{ "loop", ELOOP, NULL },
	{ "dangling", ENOENT, NULL },
	{ "none", ENOENT, NULL },
	{ "top/", ENOTDIR, NULL },
	{ "top/x", ENOTDIR, NULL },
};

static void
expect(int (*function)(int, const char *), size_t row)
{
	int fd;

	errno = 0;
	fd = function(root, table[row].path);
	if (table[row].error != 0) {
		if (fd != -1 || errno != table[row].error)
			fail_msg("%s: fd %d, %s", table[row].path, fd,
			    strerror(errno));
		return;
	}
	if (fd == -1)
		fail_msg("%s: %s", table[row].path, strerror(errno));
	if (table[row].text != NULL) {
		char text[16] = { 0 };

		assert_true(read(fd, text, sizeof text - 1) > 0);
		assert_string_equal(text, table[row].text);
	}
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void
opens_beneath(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect(beneath_open, i);
}

/* Where links lead, as a path without any. */
static void
opens_real(void **state)
{
	static const struct {
		const char *path, *real; /* NULL: it does not open */
	} paths[] = {
		{ ".", "" },
		{ "top", "/top" },
		{ "a", "/a" },
		{ "a/", "/a" },
		{ "a/b/deep", "/a/b/deep" },
		{ "inner", "/a/b/deep" },
		{ "a/up", "/top" },
		{ "folder/", "/a/b" },
		{ "folder/deep", "/a/b/deep" },
		{ "out", NULL },
		{ "loop", NULL },
		{ "none", NULL },
		{ "top/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char real[BENEATH_REAL_MAX];
		int fd = beneath_open_real(root, paths[i].path, real);

		if ((fd == -1) != (paths[i].real == NULL))
			fail_msg("%s", paths[i].path);
		if (fd == -1)
			continue;
		assert_string_equal(real, paths[i].real);
		close(fd);
	}
}

static void
walks_beneath(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect(beneath_walk, i);
}

/* A name past what a system holds must not be cut to one that is there. */
static void
names_are_not_cut(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'n', sizeof name);
	name[255] = '\0';
	assert_int_not_equal(beneath_walk(root, name), -1);
	name[255] = 'n';
	name[256] = '\0';
	assert_int_equal(beneath_walk(root, name), -1);
	assert_int_equal(beneath_open(root, name), -1);
}

/* Writes `part` as often as `path` holds it, which ends in NUL. */
static void
repeat(char *path, size_t size, const char *part)
{
	size_t len = strlen(part);

	for (size_t i = 0; i + len < size; i += len)
		memcpy(path + i, part, len + 1);
}

static int
lowest_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

/* The walk has an end, and leaves no descriptor open on the way. */
static void
refuses(const char *path, int error)
{
	int lowest = lowest_descriptor();

	assert_int_equal(beneath_walk(root, path), -1);
	assert_int_equal(errno, error);
	assert_int_equal(lowest_descriptor(), lowest);
}

static void
length_is_bounded(void **state)
{
	char path[PATH_MAX + 8], target[3000];

	(void)state;
	/* Through a link again and again. */
	repeat(path, PATH_MAX, "folder/");
	refuses(path, ENOENT);
	repeat(path, sizeof path, "a/../");
	refuses(path, ENAMETOOLONG);
	/* With what a link puts before it, it is too long. */
	repeat(target, sizeof target, "./");
	temporary_link(&tree, "root/long", target);
	memcpy(path, "long/", 5);
	repeat(path + 5, 2000, "./");
	refuses(path, ENAMETOOLONG);
	repeat(path + 5, 500, "./");
	assert_int_not_equal(beneath_walk(root, path), -1);
}

static void
depth_is_bounded(void **state)
{
	char path[256] = "";

	(void)state;
	for (size_t depth = 0; depth < 100; depth++) {
		memcpy(path + 2 * depth, "d/", 3);
		assert_int_equal(mkdirat(root, path, 0755), 0);
	}
	refuses(path, ENAMETOOLONG);
	path[(size_t)2 * 63] = '\0';
	assert_int_not_equal(beneath_walk(root, path), -1);
}

/* Opens the table in a process that gets `error` from openat2. */
/* A directory is entered if it is one itself. */
static void
enters(void **state)
{
	static const struct {
		const char *name;
		int error;
	} entered[] = {
		{ "a", 0 },
		{ "top", ENOTDIR },
		{ "folder", ENOTDIR },
		{ "out", ENOTDIR },
		{ "absolute", ENOTDIR },
		{ "dangling", ENOTDIR },
		{ "fifo", ENOTDIR },
		{ "missing", ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof entered / sizeof *entered; i++) {
		int error = entered[i / 2].error;
		int fd = beneath_enter(root, entered[i / 2].name, i % 2);

		/* The calls differ in the error of a link. */
		if (error == 0 ? fd == -1
			       : fd != -1 ||
			    (errno != error &&
				!(error == ENOTDIR && errno == ELOOP)))
			fail_msg("%s: %d", entered[i / 2].name, errno);
		if (fd != -1)
			close(fd);
	}
}

static void
opens_without_openat2(uint32_t error)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		if (filter == NULL ||
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(error),
			SCMP_SYS(openat2), 0) != 0 ||
		    seccomp_load(filter) != 0)
			exit(2);
		seccomp_release(filter);
		opens_beneath(NULL);
		opens_real(NULL);
		enters(NULL);
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/*
 * A kernel before 5.6 says ENOSYS; containers whose filter is older than the
 * call say EPERM; EAGAIN is a race that does not end.
 */
static void
openat2_may_be_missing(void **state)
{
	static const uint32_t errors[] = { ENOSYS, EPERM, EAGAIN };

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		opens_without_openat2(errors[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_beneath),
		cmocka_unit_test(opens_real),
		cmocka_unit_test(walks_beneath),
		cmocka_unit_test(names_are_not_cut),
		cmocka_unit_test(length_is_bounded),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(enters),
		cmocka_unit_test(openat2_may_be_missing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
