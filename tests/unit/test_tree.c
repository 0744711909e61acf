/* The tree: what is found in it, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "fakeclock.h"
#include "scarce.h"
#include "temporary.h"
#include "tree/tree.h"
#include "tree/tree_contains.h"

static const char *const hide[] = { "*~", "#*#", NULL };
static struct temporary folder;
static struct tree tree;

static void
make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
	temporary_check(
	    bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
	close(fd);
}

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "docs");
	temporary_folder(&folder, ".secret");
	temporary_folder(&folder, ".well-known");
	temporary_file(&folder, "index.gmi", "# Home\n");
	temporary_file(&folder, "docs/a b.gmi", "page");
	temporary_file(&folder, "docs/.hidden", "x");
	temporary_file(&folder, ".secret/page", "x");
	temporary_file(&folder, ".well-known/page", "known");
	temporary_file(&folder, "gophermap", "map");
	temporary_file(&folder, "a.gmi~", "backup");
	temporary_folder(&folder, "d~");
	temporary_file(&folder, "d~/a.gmi", "# A\n");
	temporary_link(&folder, "out", "/etc/passwd");
	temporary_check(
	    mkfifo(temporary_path(&folder, "fifo"), 0644) == 0, "fifo");
	make_socket(temporary_path(&folder, "socket"));
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

static void
finds(void **state)
{
	static const struct {
		struct str path, name;
		enum status status;
		bool is_directory;
	} table[] = {
		{ STR_INIT("/"), STR_INIT(""), STATUS_SUCCESS, true },
		{ STR_INIT("/docs"), STR_INIT(""), STATUS_SUCCESS, true },
		{ STR_INIT("/docs/"), STR_INIT(""), STATUS_SUCCESS, true },
		{ STR_INIT("/index.gmi"), STR_INIT(""), STATUS_SUCCESS, false },
		{ STR_INIT("/"), STR_INIT("index.gmi"), STATUS_SUCCESS, false },
		{ STR_INIT("/docs/"), STR_INIT("a b.gmi"), STATUS_SUCCESS,
		    false },
		{ STR_INIT("/docs/a b.gmi"), STR_INIT(""), STATUS_SUCCESS,
		    false },
		{ STR_INIT("/.well-known/page"), STR_INIT(""), STATUS_SUCCESS,
		    false },
		{ STR_INIT("/gophermap"), STR_INIT(""), STATUS_SUCCESS, false },
		{ STR_INIT("/a.gmi~"), STR_INIT(""), STATUS_NOT_FOUND, false },
		{ STR_INIT("/"), STR_INIT("a.gmi~"), STATUS_NOT_FOUND, false },
		{ STR_INIT("/d~/a.gmi"), STR_INIT(""), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/none"), STR_INIT(""), STATUS_NOT_FOUND, false },
		{ STR_INIT("/index.gmi/"), STR_INIT(""), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/docs/.hidden"), STR_INIT(""), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/docs/"), STR_INIT(".hidden"), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/.secret/page"), STR_INIT(""), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/.secret/"), STR_INIT("page"), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/.well-known/../.secret/page"), STR_INIT(""),
		    STATUS_NOT_FOUND, false },
		{ STR_INIT("/out"), STR_INIT(""), STATUS_NOT_FOUND, false },
		{ STR_INIT("/fifo"), STR_INIT(""), STATUS_NOT_FOUND, false },
		{ STR_INIT("/socket"), STR_INIT(""), STATUS_NOT_FOUND, false },
		{ STR_INIT("/index.gmi\0x"), STR_INIT(""), STATUS_NOT_FOUND,
		    false },
		{ STR_INIT("/"), STR_INIT("index.gmi\0x"), STATUS_NOT_FOUND,
		    false },
	};
	struct entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		enum status status =
		    tree_open_in(&tree, table[i].path, table[i].name, &entry);

		if (status != table[i].status)
			fail_msg("%.*s + %.*s: %d", STR_ARG(table[i].path),
			    STR_ARG(table[i].name), (int)status);
		if (status != STATUS_SUCCESS)
			continue;
		assert_int_equal(
		    tree_is_directory(&entry), table[i].is_directory);
		close(entry.fd);
	}
}

static void
long_paths_are_not_found(void **state)
{
	static char path[8192];
	struct entry entry;

	(void)state;
	memset(path, 'a', sizeof path);
	path[0] = '/';
	for (size_t len = 2; len < sizeof path; len += 7)
		assert_int_equal(
		    tree_open(&tree, (struct str){ path, len }, &entry),
		    STATUS_NOT_FOUND);
}

static void
shows(void **state)
{
	static const char *const seen[] = { "index.gmi", ".well-known",
		"gophermap", "a~b", "#", "#a", "" };
	static const char *const unseen[] = { ".git", ".", "~", "a~", "a.gmi~",
		"##", "#a.gmi#" };
	char name[NAME_MAX + 1];

	(void)state;
	/* A longer one could be of no pattern. */
	memset(name, 'x', sizeof name);
	assert_true(tree_shows(&tree, (struct str){ name, NAME_MAX }));
	assert_false(tree_shows(&tree, (struct str){ name, NAME_MAX + 1 }));
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
		assert_true(tree_shows(&tree, str_of(seen[i])));
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
		assert_false(tree_shows(&tree, str_of(unseen[i])));
	assert_true(tree_shows_path(&tree, STR("/a/gophermap/")));
	assert_false(tree_shows_path(&tree, STR("/a~/b/")));
	assert_false(tree_shows_path(&tree, STR("/a/.b")));
}

static void
contains(void **state)
{
	static const struct {
		const char *path;
		int contained;
	} table[] = {
		{ "", 1 },
		{ "docs", 1 },
		{ "docs/../docs", 1 },
		{ "docs/to-be-made", 1 },
		{ "..", 0 },
		{ "../to-be-made", 0 },
		{ "docs/none/to-be-made", -1 },
		{ "index.gmi", -1 },
	};
	struct tree none = { .root = -1 };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (tree_contains(
			&tree, temporary_path(&folder, table[i].path)) !=
		    table[i].contained)
			fail_msg("%s", table[i].path);
	assert_int_equal(tree_contains(&none, folder.path), -1);
	/* The way up cannot be followed, so it leads nobody knows where. */
	scarce_files(1);
	assert_int_equal(tree_contains(&tree, folder.path), -1);
	scarce_files_end();
}

/* What is there and cannot be opened now is no reason to say it is not. */
static void
lack_of_descriptors_is_a_failure(void **state)
{
	struct entry entry;
	enum status status;

	(void)state;
	scarce_files(0);
	status = tree_open(&tree, STR("/index.gmi"), &entry);
	scarce_files_end();
	assert_int_equal(status, STATUS_FAILURE);
}

/* Runs the failures with standard error in a file, and returns what is there.
 */
static const char *
logged(void (*run)(void))
{
	static char text[4096];
	int before = dup(STDERR_FILENO);
	int fd = open(
	    temporary_path(&folder, ".log"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t got;

	assert_int_not_equal(fd, -1);
	dup2(fd, STDERR_FILENO);
	run();
	dup2(before, STDERR_FILENO);
	close(before);
	got = pread(fd, text, sizeof text - 1, 0);
	close(fd);
	assert_true(got >= 0);
	text[got] = '\0';
	return text;
}

static void
fail_often(void)
{
	for (int i = 0; i < 1000; i++) {
		tree_log_failure("cannot read", ENOTCONN, STR("/dead/a b"));
		tree_log_failure("cannot list", ENOTCONN, STR("/other/"));
		tree_log_failure("cannot list", ESTALE, STR("/other/"));
		tree_log_failure("cannot read", ENOTCONN, STR("/dead/c"));
	}
}

/* A dead mount fails at each request, and is not to fill the disk. */
static void
failures_are_logged_once(void **state)
{
	(void)state;
	assert_string_equal(logged(fail_often),
	    "error tree: cannot read: Transport endpoint is not connected "
	    "path=\"/dead/a b\"\n"
	    "error tree: cannot list: Transport endpoint is not connected "
	    "path=/other/\n"
	    "error tree: cannot list: Stale file handle path=/other/\n");
}

/* Only looked at; what cannot be named is not there. */
static void
looks(void **state)
{
	static const struct {
		const char *path, *name;
		int error;
		mode_t kind;
	} table[] = {
		{ "/", "", 0, S_IFDIR },
		{ "/", "index.gmi", 0, S_IFREG },
		{ "/docs/", "", 0, S_IFDIR },
		{ "/", "none", ENOENT, 0 },
	};
	static char long_name[PATH_MAX];
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int result = tree_stat_in(
		    &tree, str_of(table[i].path), str_of(table[i].name), &st);

		if (table[i].error != 0) {
			assert_int_equal(result, -1);
			assert_int_equal(errno, table[i].error);
		} else if (result == -1 ||
		    (st.st_mode & S_IFMT) != table[i].kind) {
			fail_msg("%s%s", table[i].path, table[i].name);
		}
	}
	memset(long_name, 'x', sizeof long_name - 1);
	assert_int_equal(
	    tree_stat_in(&tree, STR("/docs/"), str_of(long_name), &st), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tree_stat_in(&tree, STR("/"), STR("a\0b"), &st), -1);
	assert_int_equal(errno, EINVAL);
}

static void
names_a_remedy(void **state)
{
	static const struct {
		int error;
		const char *want;
	} cases[] = {
		{ EACCES, "open it and each folder above it with chmod a+rx" },
		{ ENOENT,
		    "name the capsule's folder, or make one with capsule new "
		    "DIR" },
		{ ENOTDIR,
		    "name the capsule's folder, or make one with capsule new "
		    "DIR" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
		    tree_init_remedy(cases[i].error), cases[i].want);
}

static void
unchanged(void **state)
{
	const struct stat one = { .st_dev = 1, .st_ino = 2, .st_size = 3 };
	struct stat others[7];

	(void)state;
	assert_true(tree_is_same(&one, &one));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		others[i] = one;
	others[0].st_dev++;
	others[1].st_ino++;
	others[2].st_size++;
	others[3].st_mtim.tv_sec++;
	others[4].st_mtim.tv_nsec++;
	others[5].st_ctim.tv_sec++;
	others[6].st_ctim.tv_nsec++;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(tree_is_same(&one, &others[i]));
}

/* A file may have any time, such as one after 2262. */
static void
far_times(void **state)
{
	static const time_t far[] = { 15000000000, -15000000000, INT64_MAX,
		INT64_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
		struct stat file = { .st_mtim = { .tv_sec = far[i] },
			.st_ctim = { far[i], 1 } };

		assert_true(tree_is_same(&file, &file));
		assert_int_equal(tree_is_settled(&file), far[i] < 0);
	}
}

/* Some file systems count nanoseconds, and some whole seconds. */
static void
settles(void **state)
{
	struct stat fine = { 0 }, coarse = { 0 };

	(void)state;
	fakeclock_stop();
	(void)clock_gettime(CLOCK_REALTIME, &fine.st_ctim);
	coarse.st_ctim.tv_sec = fine.st_ctim.tv_sec;
	fine.st_ctim.tv_nsec |= 1;
	fakeclock_forward_ms(49);
	assert_false(tree_is_settled(&fine));
	fakeclock_forward_ms(2);
	assert_true(tree_is_settled(&fine));
	assert_false(tree_is_settled(&coarse));
	fakeclock_forward_ms(3000);
	assert_true(tree_is_settled(&coarse));
	/* The clock of another machine. */
	fine.st_ctim.tv_sec += 60;
	assert_false(tree_is_settled(&fine));
	fakeclock_run();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(names_a_remedy),
		cmocka_unit_test(long_paths_are_not_found),
		cmocka_unit_test(shows),
		cmocka_unit_test(contains),
		cmocka_unit_test(looks),
		cmocka_unit_test(lack_of_descriptors_is_a_failure),
		cmocka_unit_test(failures_are_logged_once),
		cmocka_unit_test(unchanged),
		cmocka_unit_test(far_times),
		cmocka_unit_test(settles),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
