/* Access checks, and what stands in for faccessat2(2) where it is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <seccomp.h>
#include <sys/wait.h>

#include "sys/readable.h"
#include "temporary.h"

static struct temporary folder;
static int root = -1;

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	temporary_check(chmod(folder.path, 0755) == 0, "chmod");
	temporary_folder(&folder, "open");
	temporary_folder(&folder, "shut");
	temporary_file(&folder, "page", "text");
	temporary_file(&folder, "locked", "text");
	temporary_check(chmod(temporary_path(&folder, "locked"), 0) == 0 &&
		chmod(temporary_path(&folder, "shut"), 0) == 0,
	    "chmod");
	root = open(folder.path, O_RDONLY | O_DIRECTORY);
	return root == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	close(root);
	chmod(temporary_path(&folder, "shut"), 0755);
	temporary_remove(&folder);
	return 0;
}

static const struct {
	const char *name;
	int mode, error;
} table[] = {
	{ ".", R_OK | X_OK, 0 },
	{ "page", R_OK, 0 },
	{ "page", X_OK, EACCES },
	{ "open", R_OK | X_OK, 0 },
	{ "locked", R_OK, EACCES },
	{ "shut", R_OK, EACCES },
	{ "none", R_OK, ENOENT },
	{ "page/none", R_OK, ENOTDIR },
};

/* Exits with the number of rows that are wrong; root would read anything. */
static void
check_rows(void)
{
	int wrong = 0;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		exit(100);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int result = readable_at(root, table[i].name, table[i].mode);
		int error = result == -1 ? errno : 0;

		if (error == table[i].error)
			continue;
		fprintf(stderr, "%s: %s\n", table[i].name, strerror(error));
		wrong++;
	}
	exit(wrong);
}

static void
refuse_faccessat2(int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error),
		SCMP_SYS(faccessat2), 0) != 0 ||
	    seccomp_load(filter) != 0)
		exit(101);
	seccomp_release(filter);
}

static void
tells(void **state)
{
	static const int refusals[] = { 0, ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		pid_t pid = fork();
		int status;

		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			if (refusals[i] != 0)
				refuse_faccessat2(refusals[i]);
			check_rows();
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
