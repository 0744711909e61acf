#include "sys/process.h"
#include "sys/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
is_null(int fd)
{
	struct stat null, st;

	return stat("/dev/null", &null) == 0 && fstat(fd, &st) == 0 &&
	    st.st_rdev == null.st_rdev && S_ISCHR(st.st_mode);
}

/* Of a child without the descriptors that are bits of `closed`: as there. */
static bool
starts_without(unsigned closed)
{
	struct stat before[3], after[3];

	for (int fd = 0; fd < 3; fd++)
		if ((closed & 1u << fd) != 0)
			close(fd);
		else if (fstat(fd, &before[fd]) == -1)
			return false;
	process_start();
	for (int fd = 0; fd < 3; fd++) {
		bool was_closed = (closed & 1u << fd) != 0;

		if (fstat(fd, &after[fd]) == -1 ||
		    (was_closed && !is_null(fd)) ||
		    (!was_closed && before[fd].st_ino != after[fd].st_ino))
			return false;
	}
	/* Lost output stays an error; lost messages do not. */
	if ((closed & 2) != 0 && write(1, "x", 1) != -1)
		return false;
	return (closed & 4) == 0 || write(2, "x", 1) == 1;
}

static void
expect_child(int status)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
wait_for(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
test_streams(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < 8; closed++) {
		pid_t child = fork();

		if (child == 0)
			_exit(!starts_without(closed));
		expect_child(wait_for(child));
	}
}

static bool
starts_with_signals(void)
{
	sigset_t mask;
	struct sigaction action;
	pid_t child;
	int status;

	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	process_start();
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&mask, number) == 1)
			return false;
	child = fork();
	if (child == 0)
		_exit(7);
	if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
		return false;
	return sigaction(SIGHUP, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN;
}

static void
test_signals(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(!starts_with_signals());
	expect_child(wait_for(child));
}

/* Has close_range(2) fail with `error`; 0: lets it be. */
static bool
refuse_close_range(int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool good = error == 0 ||
	    (seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error),
		 SCMP_SYS(close_range), 0) == 0 &&
		seccomp_load(filter) == 0);

	seccomp_release(filter);
	return good;
}

static bool
closes_inherited(int error)
{
	int high = fcntl(0, F_DUPFD, 200), low = dup(0);

	if (high == -1 || low == -1 || !refuse_close_range(error))
		return false;
	system_close_from(STDERR_FILENO + 1);
	return fcntl(low, F_GETFD) == -1 && fcntl(high, F_GETFD) == -1 &&
	    fcntl(0, F_GETFD) != -1 && fcntl(1, F_GETFD) != -1 &&
	    fcntl(2, F_GETFD) != -1;
}

static void
test_close_inherited(void **state)
{
	static const int errors[] = { 0, ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(!closes_inherited(errors[i]));
		expect_child(wait_for(child));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_close_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
