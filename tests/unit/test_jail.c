/* Each wall of the jail, by somebody who runs against it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/fdpass.h"
#include "sys/jail.h"
#include "sys/landlock.h"
#include "sys/system.h"
#include "temporary.h"

static struct temporary folder;
static int root, kept, listening, outside;
static struct jail_roots roots = { .all = &root, .count = 1 };
static int line[2]; /* to the answers process; [0] is a worker's end */
static struct sockaddr_in address = { .sin_family = AF_INET };

/* The exit status of a prisoner, or the negative signal that killed it. */
enum {
	DONE = 42, /* nothing held it */
	REFUSED = 43, /* it was told no */
	NOT_JAILED = 44,
	ENDED = -SIGSYS, /* by the filter */
};

/* A listener on a port of its own, which `at` (NULL: none) is set to. */
static int
listen_anywhere(struct sockaddr_in *at)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	temporary_check(
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0 &&
		bind(fd, (struct sockaddr *)&any, sizeof any) == 0 &&
		listen(fd, 8) == 0 &&
		getsockname(fd, (struct sockaddr *)&any, &len) == 0,
	    "listen");
	if (at != NULL)
		*at = any;
	return fd;
}

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "tree");
	temporary_file(&folder, "tree/page", "page");
	temporary_file(&folder, "outside", "outside");
	temporary_folder(&folder, "kept");
	temporary_file(&folder, "kept/old", "old");
	temporary_check(chmod(temporary_path(&folder, "kept"), 0777) == 0 &&
		chmod(temporary_path(&folder, "kept/old"), 0666) == 0,
	    "chmod");
	kept = open(temporary_path(&folder, "kept"), O_RDONLY | O_DIRECTORY);
	temporary_check(chmod(folder.path, 0755) == 0, "chmod");
	root = open(temporary_path(&folder, "tree"), O_RDONLY | O_DIRECTORY);
	roots.top = root;
	outside = listen_anywhere(&address);
	return root == -1 || kept == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	close(root);
	close(kept);
	close(outside);
	temporary_remove(&folder);
	return 0;
}

/* Runs `attempt` in a process of its own, within the jail of a role. */
static int
imprison_as(enum jail_role role, enum jail_mode mode, int (*attempt)(void))
{
	struct jail jail;
	char error[256];
	int status;
	pid_t pid;

	assert_int_equal(jail_init(&jail, mode, "", error, sizeof error), 0);
	listening = listen_anywhere(NULL);
	assert_int_equal(fdpass_pair(line), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		bool knows_state = role == JAIL_INDEXER || role == JAIL_ANSWERS;
		const struct jail_access access = { .role = role,
			.roots = role >= JAIL_KEYS ? NULL : &roots,
			.state = knows_state ? kept : -1,
			.lines = line,
			.line_count = role == JAIL_WORKER,
			.writable = &kept,
			.writable_count = role == JAIL_WRITER };

		if (jail_enter(&jail, &access) == -1)
			_exit(NOT_JAILED);
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(listening);
	close(line[0]);
	close(line[1]);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
imprison(enum jail_mode mode, int (*attempt)(void))
{
	return imprison_as(JAIL_WORKER, mode, attempt);
}

static int
try_user(void)
{
	return getuid() == 0 || getgroups(0, NULL) != 0 ||
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1
	    ? DONE
	    : REFUSED;
}

static int
try_dumping(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? REFUSED : DONE;
}

/* Whether a capability is left in a set, the bounding one excepted. */
static int
try_held_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) == -1)
		return NOT_JAILED;
	for (int i = 0; i < 2; i++)
		if (sets[i].effective != 0 || sets[i].permitted != 0 ||
		    sets[i].inheritable != 0)
			return DONE;
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) != -1; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) != 0)
			return DONE;
	return REFUSED;
}

/* Whether root has not lost a capability before, as in a container. */
static bool
may(int capability)
{
	return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
}

static int
try_capabilities(void)
{
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) != -1; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			return DONE;
	return try_held_capabilities();
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
try_metadata(void)
{
	struct stat st;

	return outcome(fstatat(AT_FDCWD, "/etc/shadow", &st, 0));
}

/* A listener that is shut down for reading is a socket that can connect. */
static int
try_leading_out(void)
{
	return shutdown(listening, SHUT_RD) == -1 ||
		(sendto(listening, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
		     (const struct sockaddr *)&address, sizeof address) == -1 &&
		    errno != EINPROGRESS)
	    ? REFUSED
	    : DONE;
}

static int
try_fast_open(void)
{
	return outcome(
	    (int)sendto(listening, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
		(const struct sockaddr *)&address, sizeof address));
}

static int
try_message(void)
{
	struct sockaddr_in to = address;
	char byte = 'x';
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_name = &to,
		.msg_namelen = sizeof to,
		.msg_iov = &bytes,
		.msg_iovlen = 1 };

	return outcome(
	    (int)sendmsg(listening, &message, MSG_FASTOPEN | MSG_NOSIGNAL));
}

/* With a program that chooses the socket every client goes to one worker. */
static int
try_stealing_clients(void)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &first };

	return outcome(setsockopt(listening, SOL_SOCKET,
	    SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program));
}

/* The flag is the other workers' too, who would wait in accept. */
static int
try_blocking_others(void)
{
	return outcome(fcntl(listening, F_SETFL, 0));
}

static int
try_locking(void)
{
	struct flock whole = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return outcome(fcntl(openat(root, "page", O_RDONLY), F_SETLK, &whole));
}

/* All processes of the service share it: under journald it is a socket. */
static int
try_silencing(void)
{
	return outcome(shutdown(STDERR_FILENO, SHUT_WR));
}

static int
try_copying(void)
{
	return outcome(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
}

/* Passes the log to the other end of a socket of its own. */
static int
pass_to_itself(int from, int to)
{
	char word;
	int copy;

	return fdpass_send(from, 'x', STDERR_FILENO) == -1 ||
		fdpass_receive(to, &word, &copy) != 1
	    ? REFUSED
	    : DONE;
}

static int
try_passing(void)
{
	int own[2];

	return fdpass_pair(own) == -1 ? REFUSED
				      : pass_to_itself(own[0], own[1]);
}

/* The same by a socket with the number of the line, which is let go. */
static int
try_passing_by_number(void)
{
	int own[2];

	if (fdpass_pair(own) == -1 || close(line[0]) == -1)
		return REFUSED;
	return pass_to_itself(fcntl(own[0], F_DUPFD_CLOEXEC, line[0]), own[1]);
}

static int
try_asking(void)
{
	return outcome(fdpass_send(line[0], 'x', listening));
}

static int
try_erasing(void)
{
	return outcome(ftruncate(STDERR_FILENO, 0));
}

static int
try_asking_socket(void)
{
	int value;
	socklen_t len = sizeof value;

	return outcome(
	    getsockopt(listening, SOL_SOCKET, SO_TYPE, &value, &len));
}

/* A signal that is blocked does not come. */
static int
try_blocking_signal(void)
{
	sigset_t all;

	sigfillset(&all);
	return sigprocmask(SIG_BLOCK, &all, NULL) == -1 ? REFUSED
							: try_socket();
}

static int
try_random(void)
{
	char byte;

	return syscall(SYS_getrandom, &byte, 1, 0) == 1 ? DONE : REFUSED;
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
		{ "a socket, with SIGSYS blocked", try_blocking_signal, ENDED,
		    DONE },
		{ "connecting with a listener", try_leading_out, ENDED, DONE },
		{ "connecting while sending", try_fast_open, ENDED, REFUSED },
		{ "a message with an address", try_message, ENDED, REFUSED },
		{ "the clients of others", try_stealing_clients, ENDED, DONE },
		{ "blocking others", try_blocking_others, ENDED, DONE },
		{ "the log, silenced", try_silencing, ENDED, REFUSED },
		{ "the log, by another number", try_copying, ENDED, DONE },
		{ "the log, passed to itself", try_passing, ENDED, DONE },
		{ "the log, by the line's number", try_passing_by_number, ENDED,
		    DONE },
		{ "a question", try_asking, DONE, DONE },
		{ "a lock", try_locking, ENDED, DONE },
		{ "a socket's options", try_asking_socket, ENDED, DONE },
	};

	int failures = 0;

	(void)state;
	/* Without Landlock and without root there is no wall to test. */
	assert_true(landlock_version() > 0 || geteuid() == 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int within = imprison(JAIL_ON, table[i].attempt);
		int without = imprison(JAIL_OFF, table[i].attempt);

		/* The wall is the jail's own, where the user is no wall. */
		if (within == table[i].within &&
		    (without == table[i].without || geteuid() != 0))
			continue;
		print_error("%s: %d within, %d without\n", table[i].name,
		    within, without);
		failures++;
	}
	assert_int_equal(failures, 0);
}

/* Who holds the keys, or unpacks an archive, has neither files nor clients. */
static void
walls_without_files(void **state)
{
	static const enum jail_role roles[] = { JAIL_KEYS, JAIL_UNPACKER };
	static const struct {
		const char *name;
		int (*attempt)(void);
		int within;
	} table[] = {
		{ "memory", try_memory, DONE },
		{ "randomness", try_random, DONE },
		{ "a page of the tree", try_page, ENDED },
		{ "metadata", try_metadata, ENDED },
		{ "a socket", try_socket, ENDED },
		{ "fork", try_fork, ENDED },
		{ "blocking others", try_blocking_others, ENDED },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof table / sizeof *table; i++) {
		int within =
		    imprison_as(roles[i % 2], JAIL_ON, table[i / 2].attempt);

		if (within != table[i / 2].within)
			fail_msg("%s: %d within", table[i / 2].name, within);
	}
}

static int
try_reading_state(void)
{
	char text[8];
	int fd = openat(kept, "old", O_RDONLY);

	return fd == -1 ? REFUSED : outcome((int)read(fd, text, 3));
}

static int
try_writing_state(void)
{
	int fd = openat(kept, "old", O_RDWR);

	return fd == -1 ? REFUSED : outcome((int)pwrite(fd, "new", 3, 0));
}

static int
try_making_state(void)
{
	return outcome(openat(kept, "new", O_RDWR | O_CREAT, 0600));
}

static int
try_replacing_state(void)
{
	return outcome(renameat(kept, "new", kept, "newer"));
}

static int
try_removing_state(void)
{
	return outcome(unlinkat(kept, "newer", 0));
}

static int
try_leaving_state(void)
{
	return outcome(openat(kept, "../outside", O_RDONLY));
}

static int
try_removing_page(void)
{
	return outcome(unlinkat(root, "page", 0));
}

static int
try_locking_state(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_len = 1 };

	return outcome(fcntl(openat(kept, "old", O_RDONLY), F_SETLK, &lock));
}

static int
try_ending_child(void)
{
	int handle, status;
	pid_t child = system_fork(&handle);

	if (child == 0)
		for (;;)
			(void)poll(NULL, 0, -1);
	system_kill_child(child, handle);
	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
		WTERMSIG(status) == SIGKILL
	    ? DONE
	    : REFUSED;
}

/* In the folder that the writer may write. */
static int
try_making_folder(void)
{
	int made = mkdirat(kept, "folder", 0700);

	return outcome(made == 0 ? unlinkat(kept, "folder", AT_REMOVEDIR) : -1);
}

/* A page would be writable under another name. */
static int
try_linking(void)
{
	return outcome(linkat(root, "page", kept, "page", 0));
}

static int
try_making_link(void)
{
	return outcome(symlinkat("/etc/passwd", kept, "link"));
}

/*
 * The index process writes its folder, and answers reads it. The writer has
 * such a folder for uploads.
 */
static void
walls_of_the_state(void **state)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
		int indexer, answers, writer;
	} table[] = {
		{ "reading", try_reading_state, DONE, DONE, DONE },
		{ "locking", try_locking_state, DONE, DONE, ENDED },
		{ "writing", try_writing_state, DONE, REFUSED, ENDED },
		{ "making", try_making_state, DONE, REFUSED, DONE },
		{ "replacing", try_replacing_state, DONE, ENDED, DONE },
		{ "removing", try_removing_state, DONE, ENDED, DONE },
		{ "leaving", try_leaving_state, REFUSED, REFUSED, REFUSED },
		{ "reading a page", try_page, DONE, DONE, DONE },
		{ "writing a page", try_writing, REFUSED, REFUSED, REFUSED },
		{ "making a page", try_making, REFUSED, REFUSED, REFUSED },
		{ "removing a page", try_removing_page, REFUSED, ENDED,
		    REFUSED },
		{ "/etc/passwd", try_passwd, REFUSED, REFUSED, REFUSED },
		{ "making a folder", try_making_folder, ENDED, ENDED, DONE },
		{ "linking to a page", try_linking, ENDED, ENDED, REFUSED },
		{ "making a link", try_making_link, ENDED, ENDED, ENDED },
		{ "ending a child", try_ending_child, ENDED, DONE, ENDED },
		{ "ending the master", try_kill, ENDED, ENDED, ENDED },
	};
	int failures = 0;

	(void)state;
	/* A chroot alone does not keep an open directory in. */
	if (landlock_version() == 0)
		skip();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int indexer =
		    imprison_as(JAIL_INDEXER, JAIL_ON, table[i].attempt);
		int answers =
		    imprison_as(JAIL_ANSWERS, JAIL_ON, table[i].attempt);

		if (indexer == table[i].indexer && answers == table[i].answers)
			continue;
		print_error("%s: %d for the indexer, %d for answers\n",
		    table[i].name, indexer, answers);
		failures++;
	}
	/* Each attempt begins where the one before it ended. */
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int writer =
		    imprison_as(JAIL_WRITER, JAIL_ON, table[i].attempt);

		if (writer == table[i].writer)
			continue;
		print_error("%s: %d for the writer\n", table[i].name, writer);
		failures++;
	}
	assert_int_equal(failures, 0);
}

static void
walls_of_the_indexer(void **state)
{
	(void)state;
	assert_int_equal(
	    imprison_as(JAIL_INDEXER, JAIL_ON, try_erasing), ENDED);
	assert_int_equal(
	    imprison_as(JAIL_INDEXER, JAIL_ON, try_copying), ENDED);
}

/* Landlock alone leaves the size and the time of each file to be seen. */
static void
metadata(void **state)
{
	(void)state;
	/* A root without its capabilities has Landlock alone. */
	if (geteuid() != 0 || !may(CAP_SYS_CHROOT))
		skip();
	assert_int_equal(imprison(JAIL_OFF, try_metadata), DONE);
	assert_int_equal(imprison(JAIL_ON, try_metadata), REFUSED);
}

#endif

static void
privileges_are_gone(void **state)
{
	(void)state;
	if (geteuid() == 0)
		assert_int_equal(imprison(JAIL_OFF, try_user), REFUSED);
}

/* Becomes an ordinary user with one capability, as a service manager does. */
static int
become_ambient(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct sets[2] = { 0 };

	sets[0].effective = sets[0].permitted = sets[0].inheritable = 1U
	    << CAP_NET_BIND_SERVICE;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ||
	    setgroups(0, NULL) == -1 || setresgid(2, 2, 2) == -1 ||
	    setresuid(2, 2, 2) == -1 ||
	    syscall(SYS_capset, &header, sets) == -1)
		return -1;
	return prctl(
	    PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
}

/* In the jail of an ordinary user who has something to hide and to lose. */
static int
imprison_user(int (*attempt)(void))
{
	const struct jail jail = { .mode = JAIL_OFF };
	const struct jail_access access = {
		.role = JAIL_WORKER, .roots = &roots, .state = -1
	};
	pid_t child = fork();
	int status;

	assert_int_not_equal(child, -1);
	if (child == 0) {
		if ((geteuid() == 0 && become_ambient() == -1) ||
		    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1 ||
		    jail_enter(&jail, &access) == -1)
			_exit(NOT_JAILED);
		_exit(attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
memory_is_hidden(void **state)
{
	(void)state;
	assert_int_equal(imprison(JAIL_OFF, try_dumping), REFUSED);
	assert_int_equal(imprison_user(try_dumping), REFUSED);
}

static void
capabilities_are_gone(void **state)
{
	(void)state;
	if (geteuid() != 0 || !may(CAP_SETPCAP))
		skip();
	assert_int_equal(imprison(JAIL_OFF, try_capabilities), REFUSED);
	/* It may not empty the bounding set, from which nothing can come. */
	assert_int_equal(imprison_user(try_held_capabilities), REFUSED);
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
expect_fault(struct jail *jail, int at, enum jail_fault want, int error)
{
	const struct jail_roots one = { &at, 1, at };
	size_t which;

	errno = 0;
	assert_int_equal(jail_try(jail, &one, &which), want);
	if (error != 0)
		assert_int_equal(errno, error);
}

static void
faults(void **state)
{
	struct jail open_jail = { .mode = JAIL_OFF };
	struct jail no_root = { .mode = JAIL_OFF, .chroots = true };
	struct jail other = {
		.mode = JAIL_OFF, .changes = true, .user = 1, .group = 1
	};
	size_t which;
	pid_t child;
	int status;

	(void)state;
	expect_fault(&open_jail, root, JAIL_FINE, 0);
	expect_fault(&no_root, -1, JAIL_NO_WALLS, EBADF);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setresuid(2, 2, 2) == -1)
			_exit(1);
		_exit(jail_try(&other, &roots, &which) != JAIL_NO_USER ||
		    errno != EPERM);
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
		cmocka_unit_test(walls_without_files),
		cmocka_unit_test(walls_of_the_state),
		cmocka_unit_test(walls_of_the_indexer),
		cmocka_unit_test(metadata),
#endif
		cmocka_unit_test(privileges_are_gone),
		cmocka_unit_test(memory_is_hidden),
		cmocka_unit_test(capabilities_are_gone),
		cmocka_unit_test(users),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
