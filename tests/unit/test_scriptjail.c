/*
 * Attack code in the processes of programs and uploads: the abilities that
 * SECURITY in capsuled(8) lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "sys/scriptjail.h"

/* The user of scripts is another one than root and the server's. */
static void
users(void **state)
{
	static const struct {
		const char *name, *error;
	} table[] = {
		{ "", "cgi: scripts have no user" },
		{ "no-such-user", "cgi_user: no-such-user: no such user" },
		{ "root", "cgi_user: root: " },
		{ "nobody", "cgi_user: nobody: " },
		{ "daemon", "" },
	};
	char text[256];
	struct jail jail;

	(void)state;
	assert_int_equal(jail_init(&jail, JAIL_ON,
			     geteuid() == 0 ? "nobody" : "", text, sizeof text),
	    0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf error = buf_over(text, sizeof text);
		struct scriptjail scripts;
		const char *want = geteuid() == 0
		    ? table[i].error
		    : "cgi: only root can start scripts";
		int result =
		    scriptjail_init(&scripts, &jail, table[i].name, &error);

		assert_int_equal(result, want[0] == '\0' ? 0 : -1);
		assert_true(str_starts(buf_str(&error), str_of(want)));
	}
}

#ifndef __SANITIZE_ADDRESS__ /* whose own calls run into the walls, too */

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "sys/fdpass.h"
#include "sys/jail.h"
#include "sys/landlock.h"
#include "sys/scriptjail.h"
#include "temporary.h"

#define USER "games"

/* The exit status of an attacker, or the negative signal that killed it. */
enum {
	DONE = 42,
	REFUSED = 43,
	NOT_JAILED = 44,
	ENDED = -SIGSYS, /* by the filter */
	/* Refused by Landlock since its sixth version, that of Linux 6.12. */
	SCOPED = 100,
	/* Done as root without a jail, where the machine permits that. */
	MAYBE = 101,
};

static struct temporary folder;
static int root, kept;
static struct jail jail;
static struct scriptjail scripts;
static char tree_path[128], kept_path[128];
/* Processes of root, of the server, of another script, and of an outsider. */
static pid_t of_root, of_server, of_script, of_other;
static struct sockaddr_in tcp = { .sin_family = AF_INET };
static struct sockaddr_un local = { .sun_family = AF_UNIX };
static int tcp_listener, local_listener, unused;

static int
outcome(long result)
{
	return result == -1 ? REFUSED : DONE;
}

static int
try_reading_outside(void)
{
	return outcome(open(temporary_path(&folder, "outside"), O_RDONLY));
}

static int
try_reading_above(void)
{
	return outcome(openat(root, "../outside", O_RDONLY));
}

static int
try_system(void)
{
	return outcome(open("/etc/passwd", O_RDONLY));
}

static int
try_memory_of_others(void)
{
	return outcome(open("/proc/self/maps", O_RDONLY));
}

static int
try_reading_page(void)
{
	return outcome(openat(root, "page", O_RDONLY));
}

static int
try_writing_page(void)
{
	return outcome(openat(root, "page", O_WRONLY));
}

static int
try_making_page(void)
{
	return outcome(openat(root, "new", O_WRONLY | O_CREAT, 0644));
}

static int
try_making_kept(void)
{
	int fd = openat(kept, "new", O_WRONLY | O_CREAT, 0644);

	return fd == -1 ? REFUSED : outcome(unlinkat(kept, "new", 0));
}

static int
try_linking_in(void)
{
	return outcome(linkat(root, "page", kept, "link", 0));
}

static int
try_linking_out(void)
{
	return outcome(linkat(kept, "old", root, "link", 0));
}

static int
try_moving_in(void)
{
	return outcome(renameat(root, "page", kept, "page"));
}

static int
try_moving_out(void)
{
	return outcome(renameat(kept, "old", root, "old"));
}

static int
try_symbolic_link(void)
{
	return outcome(symlinkat("/etc/passwd", kept, "symlink"));
}

static int
try_fifo(void)
{
	return outcome(mknodat(kept, "fifo", S_IFIFO | 0644, 0));
}

/* A program that runs as its owner, for every user of the machine. */
static int
try_set_user_id(void)
{
	int fd = openat(kept, "set", O_RDWR | O_CREAT | O_TRUNC, 0644);

	return fd == -1 ? REFUSED : outcome(fchmod(fd, 04755));
}

static int
try_making_set_user_id(void)
{
	return outcome(openat(kept, "set1", O_RDWR | O_CREAT, 04755));
}

static int
try_making_set_user_id_2(void)
{
	const struct open_how how = { .flags = O_RDWR | O_CREAT,
		.mode = 04755 };

	return outcome(syscall(SYS_openat2, kept, "set2", &how, sizeof how));
}

static int
try_set_group_id_folder(void)
{
	return outcome(mkdirat(kept, "set3", 02755));
}

static int
try_executing(void)
{
	return outcome(execl("/bin/sh", "sh", "-c", "exit 42", (char *)NULL));
}

static int
try_executing_kept(void)
{
	return outcome(execl(
	    temporary_path(&folder, "kept/program"), "program", (char *)NULL));
}

static int
try_code(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return code == MAP_FAILED ? REFUSED : DONE;
}

static int
try_fork(void)
{
	return outcome(fork());
}

static int
try_becoming_root(void)
{
	return outcome(setresuid(0, 0, 0));
}

static int
try_becoming_root_partly(void)
{
	return outcome(setresuid(scripts.user, scripts.user, 0));
}

static int
try_becoming_root_otherwise(void)
{
	return setuid(0) == -1 && setreuid(0, 0) == -1 &&
		syscall(SYS_setfsuid, 0) == -1
	    ? REFUSED
	    : DONE;
}

static int
try_becoming_other(void)
{
	return outcome(setresuid(1, 1, 1));
}

static int
try_becoming_scripts(void)
{
	return outcome(setresuid(scripts.user, scripts.user, scripts.user));
}

static int
try_group(void)
{
	return setresgid(0, 0, 0) == -1 && setgid(0) == -1 &&
		setregid(0, 0) == -1 && syscall(SYS_setfsgid, 0) == -1
	    ? REFUSED
	    : DONE;
}

static int
try_groups(void)
{
	const gid_t zero = 0;

	return outcome(setgroups(1, &zero));
}

static int
try_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	const struct __user_cap_data_struct more[2] = {
		{ .effective = 1U << CAP_SYS_CHROOT | 1U << CAP_SETUID,
		    .permitted = 1U << CAP_SYS_CHROOT | 1U << CAP_SETUID },
	};

	return outcome(syscall(SYS_capset, &header, more));
}

static int
try_chroot(void)
{
	return outcome(chroot(tree_path));
}

static int
try_signal_root(void)
{
	return outcome(kill(of_root, 0));
}

static int
try_signal_server(void)
{
	return outcome(kill(of_server, 0));
}

static int
try_signal_script(void)
{
	return outcome(kill(of_script, 0));
}

static int
try_signal_other(void)
{
	return outcome(kill(of_other, 0));
}

static int
try_signal_thread(void)
{
	return outcome(syscall(SYS_tgkill, of_server, of_server, 0));
}

static int
try_signal_all(void)
{
	return outcome(kill(-1, 0));
}

static int
try_tracing(void)
{
	return outcome(ptrace(PTRACE_SEIZE, of_script, NULL, NULL));
}

static int
try_reading_memory(void)
{
	char byte;
	const struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return outcome(
	    syscall(SYS_process_vm_readv, of_script, &here, 1, &there, 1, 0));
}

/* CPU time of 0 would end the process. */
static int
try_limits_of_server(void)
{
	const struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };

	return outcome(prlimit(of_server, RLIMIT_CPU, &most, NULL));
}

static int
try_delaying_server(void)
{
	const struct sched_param none = { 0 };
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	return setpriority(PRIO_PROCESS, (id_t)of_server, 19) == -1 &&
		setpriority(PRIO_USER, jail.user, 19) == -1 &&
		sched_setscheduler(of_server, SCHED_IDLE, &none) == -1 &&
		sched_setaffinity(of_server, sizeof first, &first) == -1 &&
		syscall(SYS_ioprio_set, 1, of_server, 3 << 13) == -1
	    ? REFUSED
	    : DONE;
}

static int
try_leaving_group(void)
{
	return outcome(setpgid(0, 0));
}

static int
try_leaving_session(void)
{
	return outcome(setsid());
}

static int
try_namespace(void)
{
	return outcome(unshare(CLONE_NEWUSER));
}

static int
try_namespace_of_child(void)
{
	return outcome(
	    syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, NULL, NULL, 0));
}

static int
try_clone3(void)
{
	/* With a size that it has: EINVAL, if it is not refused. */
	return syscall(SYS_clone3, NULL, 0) == -1 && errno == EINVAL ? DONE
								     : REFUSED;
}

static int
try_mount(void)
{
	return outcome(
	    mount("none", temporary_path(&folder, "kept"), "tmpfs", 0, NULL));
}

static int
try_io_uring(void)
{
	char parameters[120] = { 0 };

	return outcome(syscall(SYS_io_uring_setup, 1, parameters));
}

static int
try_handle(void)
{
	struct {
		struct file_handle head;
		char rest[128];
	} handle = { .head.handle_bytes = 128 };
	int id;

	return outcome(name_to_handle_at(root, "page", &handle.head, &id, 0));
}

static int
try_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_raw_socket(void)
{
	return outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_connecting(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd == -1
	    ? REFUSED
	    : outcome(connect(fd, (struct sockaddr *)&tcp, sizeof tcp));
}

static int
try_connecting_locally(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd == -1
	    ? REFUSED
	    : outcome(connect(fd, (struct sockaddr *)&local, sizeof local));
}

/* With a socket that it had before. */
static int
try_connecting_old(void)
{
	return outcome(connect(unused, (struct sockaddr *)&tcp, sizeof tcp));
}

static int
try_listening(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd == -1 || bind(fd, (struct sockaddr *)&any, sizeof any) == -1
	    ? REFUSED
	    : outcome(listen(fd, 1));
}

static int
try_lasting_memory(void)
{
	int id = shmget(IPC_PRIVATE, 1, 0600);

	return id == -1 ? REFUSED : outcome(shmctl(id, IPC_RMID, NULL));
}

/* The same calls by numbers of their own. */
#ifdef __x86_64__
static int
try_other_numbers(void)
{
	return outcome(syscall(0x40000000L | SYS_getppid));
}
#endif

static pid_t
start_as(uid_t user, gid_t group)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (user != 0 &&
		    (setgroups(0, NULL) == -1 ||
			setresgid(group, group, group) == -1 ||
			setresuid(user, user, user) == -1))
			_exit(1);
		for (;;)
			pause();
	}
	return pid;
}

static void
listen_twice(void)
{
	socklen_t len = sizeof tcp;

	tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tcp_listener = socket(AF_INET, SOCK_STREAM, 0);
	temporary_check(
	    bind(tcp_listener, (struct sockaddr *)&tcp, sizeof tcp) == 0 &&
		listen(tcp_listener, 64) == 0 &&
		getsockname(tcp_listener, (struct sockaddr *)&tcp, &len) == 0,
	    "listen");
	snprintf(
	    local.sun_path, sizeof local.sun_path, "%s/socket", folder.path);
	local_listener = socket(AF_UNIX, SOCK_STREAM, 0);
	temporary_check(bind(local_listener, (struct sockaddr *)&local,
			    sizeof local) == 0 &&
		listen(local_listener, 64) == 0 &&
		chmod(local.sun_path, 0666) == 0,
	    "listen");
}

/* All users may write each file, so that only the jail is in the way. */
static void
make_files(void)
{
	temporary_make(&folder);
	temporary_folder(&folder, "tree");
	temporary_folder(&folder, "kept");
	temporary_file(&folder, "tree/page", "page");
	temporary_file(&folder, "outside", "outside");
	temporary_file(&folder, "kept/old", "old");
	temporary_file(&folder, "kept/program", "#!/bin/sh\nexit 42\n");
	snprintf(tree_path, sizeof tree_path, "%s/tree", folder.path);
	snprintf(kept_path, sizeof kept_path, "%s/kept", folder.path);
	temporary_check(chmod(folder.path, 0755) == 0 &&
		chmod(tree_path, 0777) == 0 && chmod(kept_path, 0777) == 0 &&
		chmod(temporary_path(&folder, "tree/page"), 0666) == 0 &&
		chmod(temporary_path(&folder, "kept/old"), 0666) == 0 &&
		chmod(temporary_path(&folder, "kept/program"), 0777) == 0,
	    "chmod");
	root = open(tree_path, O_RDONLY | O_DIRECTORY);
	kept = open(kept_path, O_RDONLY | O_DIRECTORY);
	temporary_check(root != -1 && kept != -1, "open");
}

static int
set_up(void **state)
{
	char text[256];
	struct buf error = buf_over(text, sizeof text);

	(void)state;
	if (geteuid() != 0)
		return 0;
	make_files();
	listen_twice();
	if (jail_init(&jail, JAIL_ON, "nobody", text, sizeof text) == -1 ||
	    scriptjail_init(&scripts, &jail, USER, &error) == -1)
		return -1;
	scripts.memory = (size_t)512 << 20;
	scripts.processes = 200;
	of_root = start_as(0, 0);
	of_server = start_as(jail.user, jail.group);
	of_script = start_as(scripts.user, scripts.group);
	of_other = start_as(1, 1);
	return 0;
}

static int
tear_down(void **state)
{
	const pid_t victims[] = { of_root, of_server, of_script, of_other };

	(void)state;
	if (geteuid() != 0)
		return 0;
	for (size_t i = 0; i < sizeof victims / sizeof *victims; i++) {
		kill(victims[i], SIGKILL);
		(void)waitpid(victims[i], NULL, 0);
	}
	close(tcp_listener);
	close(local_listener);
	close(root);
	close(kept);
	temporary_remove(&folder);
	return 0;
}

/* The processes of the table below. */
enum process {
	FREE, /* root without a jail */
	WRITER,
	CONNECTOR,
	RUNNER,
	SCRIPT,
	SCRIPT_ONLINE,
	PROCESSES
};

static int
enter_role(enum jail_role role)
{
	const struct jail_roots roots = { .all = &root, .count = 1, root };
	const struct jail_access access = { .role = role,
		.roots = &roots,
		.state = -1,
		.writable = &kept,
		.writable_count = role == JAIL_WRITER };

	return jail_enter(&jail, &access);
}

static int
enter_runner(void)
{
	static const char *const reads[] = { tree_path, NULL };
	static const char *const writes[] = { kept_path, NULL };
	const struct scriptjail_access all[] = {
		{ .writes = writes },
		{ .writes = writes, .network = true },
		{ .reads = reads },
	};

	return scriptjail_enter_runner(&scripts, &jail, all, 3);
}

static int wait_for(pid_t pid);

/* In a descendant of a script: the script itself leads a session. */
static int
run_script(bool network, int (*attempt)(void))
{
	static const char *const writes[] = { kept_path, NULL };
	const struct scriptjail_access access = { .writes = writes,
		.network = network };
	pid_t runner = getpid(), script, descendant;

	script = fork();
	if (script == 0) {
		if (setsid() == -1 ||
		    scriptjail_enter(&scripts, &access, runner) == -1)
			_exit(NOT_JAILED);
		descendant = fork();
		if (descendant == 0)
			_exit(attempt());
		_exit(wait_for(descendant) & 0xff);
	}
	return wait_for(script);
}

static int
attack(enum process process, int (*attempt)(void))
{
	switch (process) {
	case FREE: return attempt();
	case WRITER:
		return enter_role(JAIL_WRITER) == -1 ? NOT_JAILED : attempt();
	case CONNECTOR:
		return enter_role(JAIL_CONNECTOR) == -1 ? NOT_JAILED
							: attempt();
	case RUNNER: return enter_runner() == -1 ? NOT_JAILED : attempt();
	case SCRIPT:
	case SCRIPT_ONLINE:
		return enter_runner() == -1
		    ? NOT_JAILED
		    : run_script(process == SCRIPT_ONLINE, attempt);
	case PROCESSES: break;
	}
	return NOT_JAILED;
}

static int
wait_for(pid_t pid)
{
	int status;

	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return NOT_JAILED;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
result_of(enum process process, int (*attempt)(void))
{
	static const char *const made[] = { "set", "set1", "set2" };
	int result;
	pid_t pid;

	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		(void)unlinkat(kept, made[i], 0);
	(void)unlinkat(kept, "set3", AT_REMOVEDIR);
	unused = socket(AF_INET, SOCK_STREAM, 0);
	pid = fork();
	if (pid == 0)
		_exit(attack(process, attempt) & 0xff);
	result = wait_for(pid);
	close(unused);
	return result;
}

static bool
is_expected(int result, int want)
{
	switch (want) {
	case SCOPED:
		return result == (landlock_version() >= 6 ? REFUSED : DONE);
	case MAYBE: return result == DONE || result == REFUSED;
	/* As the status of a process that waited for another. */
	case ENDED: return result == ENDED || result == (ENDED & 0xff);
	default: return result == want;
	}
}

static void
abilities(void **state)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
		int want[PROCESSES];
	} table[] = {
#define ROW(name, attempt, free, writer, connector, runner, script, online) \
	{ \
		name, attempt, \
		{ \
			free, writer, connector, runner, script, online \
		} \
	}
#define D DONE
#define R REFUSED
#define E ENDED
		ROW("a file outside", try_reading_outside, D, R, R, R, R, R),
		ROW("the same, upwards", try_reading_above, D, R, R, R, R, R),
		ROW("a file of the system", try_system, D, R, R, R, R, R),
		ROW("/proc", try_memory_of_others, D, R, R, R, R, R),
		ROW("reading a page", try_reading_page, D, D, D, D, R, R),
		ROW("writing a page", try_writing_page, D, R, R, R, R, R),
		ROW("making a page", try_making_page, D, R, R, R, R, R),
		ROW("making a file", try_making_kept, D, D, R, D, D, D),
		ROW("a link to a page", try_linking_in, D, R, E, R, R, R),
		ROW("a link as a page", try_linking_out, D, R, E, R, R, R),
		ROW("moving a page", try_moving_in, D, R, E, R, R, R),
		ROW("moving to a page", try_moving_out, D, R, E, R, R, R),
		ROW("a symbolic link", try_symbolic_link, D, E, E, R, R, R),
		ROW("a FIFO", try_fifo, D, E, E, R, R, R),
		ROW("mode 4755", try_set_user_id, D, E, R, D, D, D),
		ROW("making 4755", try_making_set_user_id, D, E, R, D, D, D),
		ROW("openat2 and 4755", try_making_set_user_id_2, D, R, R, D, D,
		    D),
		ROW("folder 2755", try_set_group_id_folder, D, E, E, D, D, D),
		ROW("execution", try_executing, D, E, E, D, D, D),
		ROW("execution of a written file", try_executing_kept, D, E, E,
		    R, R, R),
		ROW("new code", try_code, D, E, E, D, D, D),
		ROW("fork", try_fork, D, E, E, D, D, D),
		ROW("root", try_becoming_root, D, E, E, R, R, R),
		ROW("root as the saved user", try_becoming_root_partly, D, E, E,
		    R, R, R),
		ROW("root by other calls", try_becoming_root_otherwise, D, E, E,
		    R, R, R),
		ROW("another user", try_becoming_other, D, E, E, R, R, R),
		ROW("the scripts' user", try_becoming_scripts, D, E, E, D, D,
		    D),
		ROW("a group", try_group, D, E, E, R, R, R),
		ROW("groups", try_groups, D, E, E, R, R, R),
		ROW("capabilities", try_capabilities, MAYBE, E, E, R, R, R),
		ROW("chroot", try_chroot, MAYBE, E, E, R, R, R),
		ROW("signals to root", try_signal_root, D, E, E, SCOPED, R, R),
		ROW("signals to the server", try_signal_server, D, E, E, SCOPED,
		    R, R),
		ROW("signals to a script", try_signal_script, D, E, E, SCOPED,
		    SCOPED, SCOPED),
		ROW("signals to others", try_signal_other, D, E, E, SCOPED, R,
		    R),
		ROW("signals to a thread", try_signal_thread, D, E, E, SCOPED,
		    R, R),
		ROW("signals to all", try_signal_all, D, E, E, R, R, R),
		ROW("ptrace", try_tracing, MAYBE, E, E, R, R, R),
		ROW("foreign memory", try_reading_memory, MAYBE, E, E, R, R, R),
		ROW("limits of the server", try_limits_of_server, MAYBE, E, E,
		    R, R, R),
		ROW("delaying the server", try_delaying_server, D, E, E, R, R,
		    R),
		ROW("setpgid", try_leaving_group, D, E, E, D, R, R),
		ROW("setsid", try_leaving_session, D, E, E, D, R, R),
		ROW("unshare", try_namespace, MAYBE, E, E, R, R, R),
		ROW("a new user namespace", try_namespace_of_child, MAYBE, E, E,
		    R, R, R),
		ROW("clone3", try_clone3, MAYBE, E, E, R, R, R),
		ROW("mount", try_mount, MAYBE, E, E, R, R, R),
		ROW("io_uring", try_io_uring, MAYBE, E, E, R, R, R),
		ROW("a file handle", try_handle, MAYBE, E, E, R, R, R),
		ROW("a socket", try_socket, D, E, D, D, R, D),
		ROW("a raw socket", try_raw_socket, MAYBE, E, E, R, R, R),
		ROW("connecting", try_connecting, D, E, D, D, R, D),
		ROW("connecting locally", try_connecting_locally, D, E, D, D, R,
		    D),
		ROW("connecting an old socket", try_connecting_old, D, E, D, D,
		    R, D),
		ROW("listening", try_listening, D, E, E, D, R, D),
		ROW("memory that lasts", try_lasting_memory, MAYBE, E, E, R, R,
		    R),
#ifdef __x86_64__
		ROW("numbers of x32", try_other_numbers, MAYBE, E, E, E, E, E),
#endif
	};
	int failures = 0;

	(void)state;
	if (geteuid() != 0 || landlock_version() == 0)
		skip();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		/* FREE last, since it changes what the others find. */
		for (int p = PROCESSES - 1; p >= 0; p--) {
			int result =
			    result_of((enum process)p, table[i].attempt);

			if (is_expected(result, table[i].want[p]))
				continue;
			print_error(
			    "%s: %d in process %d\n", table[i].name, result, p);
			failures++;
		}
	assert_int_equal(failures, 0);
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(abilities),
#endif
	};

#ifdef __SANITIZE_ADDRESS__
	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	return cmocka_run_group_tests(tests, set_up, tear_down);
#endif
}
