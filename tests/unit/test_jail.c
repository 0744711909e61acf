/* Each wall of the jail, by somebody who runs against it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sys/jail.h"
#include "sys/landlock.h"
#include "temporary.h"

static struct temporary folder;
static int root, listening;
static struct sockaddr_in address = { .sin_family = AF_INET };

/* The exit status of a prisoner, or the negative signal that killed it. */
enum {
	DONE = 42, /* nothing held it */
	REFUSED = 43, /* it was told no */
	NOT_JAILED = 44,
	ENDED = -SIGSYS, /* by the filter */
};

static int
set_up(void **state)
{
	socklen_t len = sizeof address;

	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "tree");
	temporary_file(&folder, "tree/page", "page");
	temporary_file(&folder, "outside", "outside");
	temporary_check(chmod(folder.path, 0755) == 0, "chmod");
	root = open(temporary_path(&folder, "tree"), O_RDONLY | O_DIRECTORY);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listening = socket(AF_INET, SOCK_STREAM, 0);
	temporary_check(
	    bind(listening, (struct sockaddr *)&address, sizeof address) == 0 &&
		listen(listening, 8) == 0 &&
		getsockname(listening, (struct sockaddr *)&address, &len) == 0,
	    "listen");
	return root == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	close(root);
	close(listening);
	temporary_remove(&folder);
	return 0;
}

/* Runs `attempt` in a process of its own, within the jail. */
static int
imprison(enum jail_mode mode, int (*attempt)(void))
{
	struct jail jail;
	char error[256];
	int status;
	pid_t pid;

	assert_int_equal(jail_init(&jail, mode, "", error, sizeof error), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (jail_enter(&jail, root, JAIL_WORKER) == -1)
			_exit(NOT_JAILED);
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
try_user(void)
{
	return getuid() == 0 || getgroups(0, NULL) != 0 ||
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1
	    ? DONE
	    : REFUSED;
}

#ifndef __SANITIZE_ADDRESS__

static int
outcome(int result)
{
	return result == -1 ? REFUSED : DONE;
}

static int
try_page(void)
{
	char text[8];
	int fd = openat(root, "page", O_RDONLY);

	return fd == -1 ? REFUSED : outcome((int)read(fd, text, 4));
}

static int
try_passwd(void)
{
	return outcome(open("/etc/passwd", O_RDONLY));
}

static int
try_outside(void)
{
	return outcome(openat(root, "../outside", O_RDONLY));
}

static int
try_writing(void)
{
	return outcome(openat(root, "page", O_WRONLY));
}

static int
try_making(void)
{
	return outcome(openat(root, "new", O_WRONLY | O_CREAT, 0644));
}

static int
try_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static void
on_violation(int number)
{
	(void)number;
}

static int
try_surviving(void)
{
	return signal(SIGSYS, on_violation) == SIG_ERR ? REFUSED : try_socket();
}

static int
try_connecting(void)
{
	/* With a socket that it had before. */
	return outcome(connect(
	    listening, (const struct sockaddr *)&address, sizeof address));
}

static int
try_fork(void)
{
	return outcome(fork());
}

static int
try_exec(void)
{
	return outcome(execl("/bin/true", "true", (char *)NULL));
}

static int
try_kill(void)
{
	return outcome(kill(getppid(), 0));
}

static int
try_code(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return code == MAP_FAILED ? REFUSED : DONE;
}

static int
try_memory(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? REFUSED : DONE;
}

static void
walls(void **state)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
		int within, without;
	} table[] = {
		{ "a page of the tree", try_page, DONE, DONE },
		{ "memory", try_memory, DONE, DONE },
		{ "/etc/passwd", try_passwd, REFUSED, DONE },
		{ "a file beside the tree", try_outside, REFUSED, DONE },
		{ "writing a page", try_writing, REFUSED, REFUSED },
		{ "making a page", try_making, REFUSED, REFUSED },
		{ "a socket", try_socket, ENDED, DONE },
		{ "a socket, with a handler for SIGSYS", try_surviving, ENDED,
		    DONE },
		{ "connecting", try_connecting, ENDED, REFUSED },
		{ "fork", try_fork, ENDED, DONE },
		{ "exec", try_exec, ENDED, 0 },
		{ "kill", try_kill, ENDED, REFUSED },
		{ "code in new memory", try_code, ENDED, DONE },
	};

	(void)state;
	/* Without Landlock and without root there is no wall to test. */
	assert_true(landlock_version() > 0 || geteuid() == 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int within = imprison(JAIL_ON, table[i].attempt);
		int without = imprison(JAIL_OFF, table[i].attempt);

		if (within != table[i].within)
			fail_msg("%s: %d within", table[i].name, within);
		/* The wall is the jail's own, where the user is no wall. */
		if (without != table[i].without && geteuid() == 0)
			fail_msg("%s: %d without", table[i].name, without);
	}
}

#endif

static void
privileges_are_gone(void **state)
{
	(void)state;
	if (geteuid() == 0)
		assert_int_equal(imprison(JAIL_OFF, try_user), REFUSED);
}

static void
users(void **state)
{
	struct jail jail;
	char error[256] = "";

	(void)state;
	assert_int_equal(
	    jail_init(&jail, JAIL_ON, "no-such-user", error, sizeof error), -1);
	assert_non_null(strstr(error, "no-such-user: no such user"));
	assert_int_equal(
	    jail_init(&jail, JAIL_ON, "root", error, sizeof error), -1);
	assert_non_null(strstr(error, "not served as root"));
	if (geteuid() == 0) {
		assert_int_equal(
		    jail_init(&jail, JAIL_ON, "", error, sizeof error), 0);
		assert_true(jail.changes);
		assert_int_not_equal(jail.user, 0);
	}
}

static void
expect_fault(const struct jail *jail, int at, enum jail_fault want, int error)
{
	errno = 0;
	assert_int_equal(jail_try(jail, at), want);
	if (error != 0)
		assert_int_equal(errno, error);
}

static void
faults(void **state)
{
	const struct jail open_jail = { .mode = JAIL_OFF };
	const struct jail no_root = { .mode = JAIL_OFF, .chroots = true };
	const struct jail other = {
		.mode = JAIL_OFF, .changes = true, .user = 1, .group = 1
	};
	pid_t child;
	int status;

	(void)state;
	expect_fault(&open_jail, root, JAIL_FINE, 0);
	expect_fault(&no_root, -1, JAIL_NO_WALLS, EBADF);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setresuid(2, 2, 2) == -1)
			_exit(1);
		_exit(jail_try(&other, root) != JAIL_NO_USER || errno != EPERM);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef __SANITIZE_ADDRESS__ /* whose own calls run into them too */
		cmocka_unit_test(walls),
#endif
		cmocka_unit_test(privileges_are_gone),
		cmocka_unit_test(users),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
