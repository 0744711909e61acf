/* The directory for databases: whose it is, and that one server has it. */
#include "daemon/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/wait.h>

#include "temporary.h"
#include "text/str.h"

static struct temporary folder;
static const struct jail nobody = { .mode = JAIL_OFF };
static char error[512];

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	return setenv("TMPDIR", folder.path, 1);
}

static int
tear_down(void **state)
{
	(void)state;
	temporary_remove(&folder);
	return unsetenv("TMPDIR");
}

static int
open_at(struct state *state, const char *name, struct state *last)
{
	return state_open(state,
	    name[0] != '\0' ? temporary_path(&folder, name) : "", last, &nobody,
	    error, sizeof error);
}

static void
expect_error(struct state *state, const char *name, const char *what)
{
	char path[4096];

	snprintf(path, sizeof path, "%s", temporary_path(&folder, name));
	assert_int_equal(open_at(state, name, NULL), -1);
	assert_int_equal(state->fd, -1);
	assert_non_null(strstr(error, path));
	if (strstr(error, what) == NULL || strchr(error, '\n') != NULL)
		fail_msg("%s", error);
}

/* Whether another process is told that it is in use. */
static void
expect_in_use(const char *name, bool in_use)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct state other;
		int result = open_at(&other, name, NULL);

		if (result == -1 &&
		    strstr(error, "another server uses it") == NULL)
			_exit(2);
		_exit(result == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, in_use ? 1 << 8 : 0);
}

static void
it_is_made(void **state)
{
	struct state mine;
	struct stat st;

	(void)state;
	assert_int_equal(open_at(&mine, "state", NULL), 0);
	assert_int_equal(stat(temporary_path(&folder, "state"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_false(mine.is_temporary);
	state_close(&mine);
	/* It stays, with what is in it. */
	temporary_file(&folder, "state/x", "x");
	assert_int_equal(open_at(&mine, "state", NULL), 0);
	state_close(&mine);
	assert_int_equal(access(temporary_path(&folder, "state/x"), F_OK), 0);
	state_close(&mine);
}

static void
one_at_a_time(void **state)
{
	struct state mine, other, next;

	(void)state;
	assert_int_equal(open_at(&mine, "state", NULL), 0);
	expect_in_use("state", true);
	/* A reload goes on with what it has. */
	assert_int_equal(open_at(&next, "state", &mine), 0);
	state_close(&mine);
	expect_in_use("state", true);
	state_close(&next);
	expect_in_use("state", false);
	assert_int_equal(open_at(&other, "state", NULL), 0);
	/* Another configuration names another. */
	assert_int_equal(open_at(&next, "elsewhere", &other), 0);
	state_close(&next);
	state_close(&other);
}

static void
what_is_not_ours(void **state)
{
	struct state mine;

	(void)state;
	temporary_folder(&folder, "open");
	assert_int_equal(chmod(temporary_path(&folder, "open"), 0777), 0);
	expect_error(&mine, "open", "chmod 700");
	assert_int_equal(state_check(temporary_path(&folder, "open"), &nobody,
			     error, sizeof error),
	    -1);
	assert_int_equal(chmod(temporary_path(&folder, "open"), 0755), 0);
	assert_int_equal(open_at(&mine, "open", NULL), 0);
	state_close(&mine);
	temporary_file(&folder, "file", "x");
	expect_error(&mine, "file", "Not a directory");
	expect_error(&mine, "none/such", "No such file");
	assert_int_equal(state_check(temporary_path(&folder, "none"), &nobody,
			     error, sizeof error),
	    0);
	assert_int_equal(state_check(temporary_path(&folder, "none/such"),
			     &nobody, error, sizeof error),
	    -1);
	assert_non_null(strstr(error, "make the directory above it"));
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(temporary_path(&folder, "open"), 12345, 0), 0);
	expect_error(&mine, "open", "must belong to the user");
}

static size_t
count_temporary(void)
{
	DIR *names = opendir(folder.path);
	const struct dirent *name;
	size_t count = 0;

	assert_non_null(names);
	while ((name = readdir(names)) != NULL)
		count +=
		    str_starts(str_of(name->d_name), STR("capsuled-state-"));
	closedir(names);
	return count;
}

/* One of our own is removed by whoever was the last to have it. */
static void
a_temporary_one(void **state)
{
	struct state mine, next, child;

	(void)state;
	assert_int_equal(open_at(&mine, "", NULL), 0);
	assert_true(mine.is_temporary);
	assert_int_equal(count_temporary(), 1);
	child = mine;
	child.fd = dup(mine.fd);
	child.lock = dup(mine.lock);
	state_forget(&child);
	assert_int_equal(open_at(&next, "", &mine), 0);
	state_close(&mine);
	assert_int_equal(count_temporary(), 1);
	close(openat(next.fd, "x", O_WRONLY | O_CREAT, 0600));
	state_close(&next);
	assert_int_equal(count_temporary(), 0);
}

static void
expect_adopted(const char *name, bool is_adopted)
{
	struct state state;
	char path[4200];
	int lock;

	snprintf(path, sizeof path, "%s/lock", temporary_path(&folder, name));
	lock = open(path, O_RDWR | O_CREAT, 0600);
	state_adopt(&state, temporary_path(&folder, name), lock, &nobody);
	if (state.is_temporary != is_adopted || (state.fd != -1) != is_adopted)
		fail_msg("%s", name);
	assert_int_equal(state.lock, is_adopted ? lock : -1);
	state_forget(&state);
}

/* The successor of a master takes only what it would have made. */
static void
what_is_adopted(void **state)
{
	static const char made[] = "capsuled-state-made";

	(void)state;
	temporary_folder(&folder, made);
	temporary_folder(&folder, "else");
	temporary_link(&folder, "capsuled-state-link", made);
	assert_int_equal(chmod(temporary_path(&folder, "else"), 0700), 0);
	assert_int_equal(chmod(temporary_path(&folder, made), 0700), 0);
	expect_adopted(made, true);
	expect_adopted("capsuled-state-none", false);
	expect_adopted("capsuled-state-link", false);
	expect_adopted("else", false);
	assert_int_equal(chmod(temporary_path(&folder, made), 0755), 0);
	expect_adopted(made, false);
	assert_int_equal(chmod(temporary_path(&folder, made), 0700), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(temporary_path(&folder, made), 12345, 0), 0);
	expect_adopted(made, false);
}

/* The successor of a master has the lock all the time. */
static void
the_lock_is_adopted(void **state)
{
	struct state mine, left, next;
	int lock, other;

	(void)state;
	assert_int_equal(open_at(&mine, "state", NULL), 0);
	lock = mine.lock;
	state_inherit(&mine, true);
	assert_int_equal(fcntl(lock, F_GETFD), 0);
	/* The rest is closed when the successor is executed. */
	close(mine.fd);
	state_adopt(&left, "", lock, &nobody);
	assert_int_equal(fcntl(lock, F_GETFD), FD_CLOEXEC);
	assert_int_equal(open_at(&next, "state", &left), 0);
	assert_int_equal(next.lock, lock);
	state_close(&left);
	expect_in_use("state", true);
	state_close(&next);
	expect_in_use("state", false);
	/* The descriptor of any other file is closed. */
	temporary_file(&folder, "file", "x");
	other = open(temporary_path(&folder, "file"), O_RDWR);
	state_adopt(&left, "", other, &nobody);
	assert_int_equal(open_at(&next, "state", &left), 0);
	assert_int_not_equal(next.lock, other);
	state_close(&left);
	assert_int_equal(fcntl(other, F_GETFD), -1);
	expect_in_use("state", true);
	state_close(&next);
}

/* What a killed server left goes; what another still has does not. */
static void
leftovers(void **state)
{
	struct state mine, left;

	(void)state;
	assert_int_equal(open_at(&left, "", NULL), 0);
	close(openat(left.fd, "index.db", O_WRONLY | O_CREAT, 0600));
	state_forget(&left);
	assert_int_equal(count_temporary(), 1);
	assert_int_equal(open_at(&mine, "", NULL), 0);
	assert_int_equal(count_temporary(), 1);
	/* Another process makes one beside it, and is killed. */
	expect_in_use("", false);
	assert_int_equal(count_temporary(), 2);
	/* What only has that name is left alone. */
	temporary_folder(&folder, "capsuled-state-x");
	temporary_folder(&folder, "else");
	temporary_file(&folder, "else/x", "x");
	temporary_link(&folder, "capsuled-state-y", "else");
	temporary_file(&folder, "capsuled-state-z", "x");
	state_close(&mine);
	assert_int_equal(open_at(&mine, "", NULL), 0);
	assert_int_equal(count_temporary(), 4);
	assert_int_equal(access(temporary_path(&folder, "else/x"), F_OK), 0);
	state_close(&mine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_made),
		TEST(one_at_a_time),
		TEST(what_is_not_ours),
		TEST(a_temporary_one),
		TEST(leftovers),
		TEST(what_is_adopted),
		TEST(the_lock_is_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
