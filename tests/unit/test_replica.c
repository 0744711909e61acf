/* The folder of a mirror: what gets into it, and that nothing gets out. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "mirror/replica.h"
#include "scarce.h"
#include "temporary.h"

static struct temporary temporary;
static struct replica replica;

static int
set_up(void **state)
{
	static char path[4096];

	(void)state;
	temporary_make(&temporary);
	temporary_folder(&temporary, "outside");
	temporary_file(&temporary, "outside/victim", "precious");
	snprintf(path, sizeof path, "%s", temporary_path(&temporary, "copy"));
	return replica_open(&replica, path);
}

static int
tear_down(void **state)
{
	(void)state;
	replica_close(&replica);
	temporary_remove(&temporary);
	return 0;
}

static struct manifest_file
file_of(const char *path, const char *text)
{
	struct manifest_file file = {
		.path = str_of(path), .size = strlen(text), .time = 1700000000
	};

	assert_int_equal(sha256_of(str_of(text), file.hash), 0);
	return file;
}

/* As a mirror does it: a part first, then its name. */
static int
place(const char *path, const char *text)
{
	struct manifest_file file = file_of(path, text);
	int fd = replica_part(&replica, 3);
	int result, error;

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	result = replica_place(&replica, 3, fd, &file);
	error = errno;
	close(fd);
	replica_drop(&replica, 3);
	errno = error;
	return result;
}

static void
check_file(const char *path, const char *want)
{
	char text[256] = "";
	int fd = open(temporary_path(&temporary, path), O_RDONLY | O_NOFOLLOW);

	assert_true(fd != -1);
	assert_true(read(fd, text, sizeof text - 1) >= 0);
	close(fd);
	assert_string_equal(text, want);
}

static int
exists(const char *path)
{
	struct stat st;

	return lstat(temporary_path(&temporary, path), &st) == 0;
}

static void
placed(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(place("a.txt", "a"), 0);
	assert_int_equal(place("b/c/d.txt", "d"), 0);
	assert_int_equal(place("a.txt", "another"), 0);
	check_file("copy/a.txt", "another");
	check_file("copy/b/c/d.txt", "d");
	assert_int_equal(
	    stat(temporary_path(&temporary, "copy/a.txt"), &st), 0);
	assert_int_equal(st.st_mtime, 1700000000);
	assert_false(exists("copy/.mirror/part-3"));
}

/* Something of another kind is in the way, and stays. */
static void
in_the_way(void **state)
{
	(void)state;
	temporary_file(&temporary, "copy/file", "mine");
	temporary_folder(&temporary, "copy/folder");
	temporary_file(&temporary, "copy/folder/mine", "mine");
	temporary_link(&temporary, "copy/link", "../outside");
	temporary_link(&temporary, "copy/victim", "../outside/victim");
	assert_int_equal(place("file/x", "x"), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(place("folder", "x"), -1);
	assert_true(errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST);
	assert_int_equal(place("link/victim", "x"), -1);
	assert_int_equal(errno, ENOTDIR);
	/* A link is replaced, and not followed. */
	assert_int_equal(place("victim", "x"), 0);
	check_file("copy/victim", "x");
	check_file("copy/file", "mine");
	check_file("outside/victim", "precious");
}

static void
held(void **state)
{
	static const struct {
		const char *path;
		int want;
	} table[] = {
		{ "a/b", 1 },
		{ "link", 1 },
		{ "a", 0 },
		{ "none", 0 },
		{ "none/a", 0 },
		{ "a/b/c", 0 },
		{ "away/victim", 0 },
	};

	(void)state;
	assert_int_equal(place("a/b", "text"), 0);
	temporary_link(&temporary, "copy/link", "nowhere");
	temporary_link(&temporary, "copy/away", "../outside");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(replica_holds(&replica, str_of(table[i].path)),
		    table[i].want);
}

static void
compared(void **state)
{
	struct manifest_file same = file_of("a", "text");
	struct manifest_file other = file_of("a", "texx");
	struct manifest_file longer = file_of("a", "text and more");
	struct manifest_file none = file_of("none/a", "text");
	struct stat st;

	(void)state;
	assert_int_equal(place("a", "text"), 0);
	assert_int_equal(replica_has(&replica, &same, false), 1);
	assert_int_equal(replica_has(&replica, &same, true), 1);
	assert_int_equal(replica_has(&replica, &other, false), 0);
	/* Size and time are enough only where the hash was known. */
	assert_int_equal(replica_has(&replica, &other, true), 1);
	assert_int_equal(replica_has(&replica, &longer, true), 0);
	assert_int_equal(replica_has(&replica, &none, true), 0);
	same.time++;
	assert_int_equal(replica_has(&replica, &same, true), 1);
	assert_int_equal(stat(temporary_path(&temporary, "copy/a"), &st), 0);
	assert_int_equal(st.st_mtime, 1700000001);
	temporary_link(&temporary, "copy/b", "a");
	same.path = STR("b");
	assert_int_equal(replica_has(&replica, &same, true), 0);
	assert_int_equal(mkfifo(temporary_path(&temporary, "copy/c"), 0600), 0);
	same.path = STR("c");
	assert_int_equal(replica_has(&replica, &same, false), 0);
}

static void
removed(void **state)
{
	(void)state;
	assert_int_equal(place("a/b/c", "x"), 0);
	assert_int_equal(place("a/d", "x"), 0);
	assert_int_equal(place("manifest/x", "x"), 0);
	assert_int_equal(replica_remove(&replica, STR("a/b/c")), 0);
	assert_false(exists("copy/a/b"));
	assert_true(exists("copy/a/d"));
	assert_int_equal(replica_remove(&replica, STR("a/b/c")), 0);
	assert_int_equal(replica_remove(&replica, STR("none")), 0);
	assert_int_equal(replica_remove(&replica, STR("manifest/x")), 0);
	assert_false(exists("copy/manifest"));
	/* A folder is no file of the mirror, and a link leads nowhere. */
	assert_int_equal(replica_remove(&replica, STR("a")), 0);
	assert_true(exists("copy/a/d"));
	temporary_link(&temporary, "copy/link", "../outside");
	assert_int_equal(replica_remove(&replica, STR("link/victim")), 0);
	check_file("outside/victim", "precious");
	assert_int_equal(replica_remove(&replica, STR("link")), 0);
	check_file("outside/victim", "precious");
}

static void
texts(void **state)
{
	struct replica_text text;

	(void)state;
	assert_int_equal(
	    replica_read(&replica, REPLICA_OWN, "known", &text), 0);
	assert_int_equal(
	    replica_write(&replica, REPLICA_OWN, "known", STR("k")), 0);
	assert_int_equal(
	    replica_write(&replica, REPLICA_BESIDE, "manifest", STR("m")), 0);
	check_file("copy/.mirror/known", "k");
	check_file("copy/manifest", "m");
	assert_int_equal(
	    replica_read(&replica, REPLICA_BESIDE, "manifest", &text), 1);
	assert_int_equal(text.len, 1);
	assert_string_equal(text.at, "m");
	free(text.at);
	assert_int_equal(
	    replica_erase(&replica, REPLICA_BESIDE, "manifest"), 0);
	assert_int_equal(
	    replica_erase(&replica, REPLICA_BESIDE, "manifest"), 0);
	/* Neither read nor written through a link. */
	temporary_link(&temporary, "copy/manifest", "../outside/victim");
	assert_int_equal(
	    replica_read(&replica, REPLICA_BESIDE, "manifest", &text), 0);
	assert_int_equal(
	    replica_write(&replica, REPLICA_BESIDE, "manifest", STR("m")), 0);
	check_file("outside/victim", "precious");
	temporary_folder(&temporary, "copy/folder");
	assert_int_equal(
	    replica_read(&replica, REPLICA_BESIDE, "folder", &text), -1);
}

/* Another one has to wait; what it left behind is gone then. */
static void
alone(void **state)
{
	struct replica other;

	(void)state;
	assert_int_equal(replica_open(&other, replica.path), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(replica_part(&replica, 1));
	assert_true(exists("copy/.mirror/part-1"));
	replica_close(&replica);
	assert_int_equal(replica_open(&replica, replica.path), 0);
	assert_false(exists("copy/.mirror/part-1"));
}

/* A part is never what somebody else has put in its place. */
static void
parts_are_ours(void **state)
{
	int fd;

	(void)state;
	temporary_link(
	    &temporary, "copy/.mirror/part-5", "../../outside/victim");
	fd = replica_part(&replica, 5);
	assert_true(fd != -1);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	check_file("outside/victim", "precious");
}

/* A file that cannot be moved into its folder stays. */
static void
nested(void **state)
{
	(void)state;
	assert_int_equal(place("posts", "page"), 0);
	/* One is for the folder above; there is none for the new one. */
	scarce_files(1);
	assert_int_equal(replica_nest(&replica, STR("posts"), "index.gmi"), -1);
	scarce_files_end();
	assert_int_equal(errno, EMFILE);
	assert_int_equal(replica_holds(&replica, STR("posts")), 1);
	assert_int_equal(replica_nest(&replica, STR("posts"), "index.gmi"), 0);
	assert_int_equal(replica_holds(&replica, STR("posts/index.gmi")), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(placed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(in_the_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(compared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nested, set_up, tear_down),
		cmocka_unit_test_setup_teardown(texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    parts_are_ours, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
