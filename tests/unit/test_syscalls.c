/* The filter of each machine, run on the calls that serving makes there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/syscalls.h"

#define PROGRAM_MAX 1024
#define LINE 9 /* of a worker, to the process that answers */
/* The kernel looks at 32 bits of a descriptor. */
#define BEYOND ((uint64_t)1 << 32)

struct program {
	struct sock_filter at[PROGRAM_MAX];
	size_t len;
};

static const char *const machines[] = { "x86_64", "aarch64", "arm", "riscv64" };

/* The filters of a process: a call has to pass both. */
struct programs {
	struct program of[SYSCALLS_FILTERS];
};

static struct program
export_one(
    const char *machine, enum jail_role role, enum syscalls_filter filter)
{
	static const int line = LINE;
	const struct jail_access access = { .role = role,
		.state = -1,
		.lines = &line,
		.line_count = role == JAIL_WORKER };
	int fd = memfd_create("program", MFD_CLOEXEC);
	struct program program;
	ssize_t len;

	assert_int_not_equal(fd, -1);
	assert_int_equal(syscalls_export(machine, &access, filter, fd), 0);
	len = pread(fd, program.at, sizeof program.at, 0);
	close(fd);
	assert_true(len > 0 && (size_t)len < sizeof program.at);
	program.len = (size_t)len / sizeof *program.at;
	return program;
}

static struct programs
export_for(const char *machine, enum jail_role role)
{
	return (struct programs){ {
	    export_one(machine, role, SYSCALLS_OF_ROLE),
	    export_one(machine, role, SYSCALLS_OF_ALL),
	} };
}

static struct programs export(const char *machine)
{
	return export_for(machine, JAIL_WORKER);
}

/* A jump's condition, on what was loaded. */
static bool
holds(const struct sock_filter *step, uint32_t loaded)
{
	switch (BPF_OP(step->code)) {
	case BPF_JA: return true;
	case BPF_JEQ: return loaded == step->k;
	case BPF_JGT: return loaded > step->k;
	case BPF_JGE: return loaded >= step->k;
	case BPF_JSET: return (loaded & step->k) != 0;
	default: fail_msg("jump %x", step->code); return false;
	}
}

/* What the kernel would: as much of its machine as libseccomp uses. */
static uint32_t
run(const struct program *program, const struct seccomp_data *data)
{
	uint32_t loaded = 0;

	for (size_t i = 0; i < program->len; i++) {
		const struct sock_filter *step = &program->at[i];

		switch (BPF_CLASS(step->code)) {
		case BPF_LD:
			assert_true(step->k <= sizeof *data - sizeof loaded);
			memcpy(&loaded, (const char *)data + step->k,
			    sizeof loaded);
			break;
		case BPF_ALU:
			assert_int_equal(BPF_OP(step->code), BPF_AND);
			loaded &= step->k;
			break;
		case BPF_JMP:
			if (BPF_OP(step->code) == BPF_JA)
				i += step->k;
			else
				i += holds(step, loaded) ? step->jt : step->jf;
			break;
		case BPF_RET: return step->k;
		default: fail_msg("step %x", step->code);
		}
	}
	fail_msg("no end");
	return 0;
}

/* Allowed, refused, or no call of this machine's. */
enum verdict {
	ALLOWED,
	REFUSED,
	UNKNOWN
};

static bool
passes(const struct programs *programs, const struct seccomp_data *data)
{
	for (size_t i = 0; i < SYSCALLS_FILTERS; i++)
		if (run(&programs->of[i], data) != SECCOMP_RET_ALLOW)
			return false;
	return true;
}

static enum verdict
judge(const struct programs *program, const char *machine, const char *name,
    const uint64_t arguments[5])
{
	uint32_t token = seccomp_arch_resolve_name(machine);
	int number = seccomp_syscall_resolve_name_arch(token, name);
	struct seccomp_data data = { .nr = number, .arch = token };

	if (number < 0)
		return UNKNOWN;
	memcpy(data.args, arguments, 5 * sizeof *arguments);
	return passes(program, &data) ? ALLOWED : REFUSED;
}

/* What was seen in workers, on x86-64 and on arm64; alternatives in a row. */
static void
serving(void **state)
{
	const uint64_t self = (uint64_t)getpid();
	const struct {
		const char *names[3];
		uint64_t arguments[5];
	} table[] = {
		{ { "accept4" }, { 0 } },
		{ { "recvfrom" }, { 0 } },
		{ { "sendto" }, { 0, 0, 0, MSG_NOSIGNAL } },
		/* On arm they are calls of their own, which glibc makes. */
		{ { "recvfrom", "recv" }, { 0 } },
		{ { "sendto", "send" }, { 0, 0, 0, MSG_NOSIGNAL } },
		{ { "sendmsg" }, { LINE, 0, MSG_NOSIGNAL } },
		{ { "sendmsg" }, { BEYOND | LINE } },
		{ { "socketpair" }, { AF_UNIX } },
		{ { "shutdown" }, { 3, SHUT_WR } },
		{ { "setsockopt" }, { 3, IPPROTO_TCP, TCP_QUICKACK } },
		{ { "setsockopt" }, { 3, SOL_SOCKET, SO_LINGER } },
		{ { "getsockname" }, { 0 } },
		{ { "close" }, { 0 } },
		{ { "ioctl" }, { 0, TIOCOUTQ, 0 } },
		{ { "epoll_ctl" }, { 0 } },
		{ { "epoll_wait", "epoll_pwait" }, { 0 } },
		{ { "poll", "ppoll" }, { 0 } },
		{ { "clock_gettime", "clock_gettime64" }, { 0 } },
		{ { "gettimeofday", "clock_gettime64" }, { 0 } },
		{ { "openat2" }, { 0 } },
		{ { "openat" }, { 0 } },
		{ { "fstat", "fstat64" }, { 0 } },
		{ { "newfstatat", "fstatat64" }, { 0 } },
		{ { "faccessat2" }, { 0 } },
		{ { "readlinkat" }, { 0 } },
		{ { "read" }, { 0 } },
		{ { "pread64" }, { 0 } },
		{ { "lseek", "_llseek" }, { 0 } },
		{ { "getdents64" }, { 0 } },
		{ { "fcntl", "fcntl64" }, { 0, F_GETFL } },
		{ { "fcntl", "fcntl64" }, { 0, F_SETFD } },
		{ { "fcntl", "fcntl64" }, { 3, F_DUPFD_CLOEXEC } },
		{ { "write" }, { 0 } },
		{ { "brk" }, { 0 } },
		{ { "mmap", "mmap2" }, { 0, 0, PROT_READ | PROT_WRITE } },
		{ { "mprotect" }, { 0, 0, PROT_READ | PROT_WRITE } },
		{ { "munmap" }, { 0 } },
		{ { "getrandom" }, { 0 } },
		{ { "futex", "futex_time64" }, { 0 } },
		{ { "getpid" }, { 0 } },
		{ { "rt_sigreturn" }, { 0 } },
		{ { "rt_sigaction" }, { 0 } },
		{ { "tgkill" }, { self } },
		{ { "exit_group" }, { 0 } },
	};

	(void)state;
	for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
		struct programs program = export(machines[m]);

		for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
			size_t known = 0;

			for (size_t j = 0; table[i].names[j] != NULL; j++) {
				enum verdict verdict =
				    judge(&program, machines[m],
					table[i].names[j], table[i].arguments);

				if (verdict == REFUSED)
					fail_msg("%s refuses %s", machines[m],
					    table[i].names[j]);
				known += verdict == ALLOWED;
			}
			if (known == 0)
				fail_msg("%s has no %s", machines[m],
				    table[i].names[0]);
		}
	}
}

static void
anything_else(void **state)
{
	const uint64_t parent = (uint64_t)getppid();
	const struct {
		const char *name;
		uint64_t arguments[5];
	} table[] = {
		{ "shutdown", { 3, SHUT_RD } },
		{ "shutdown", { 3, SHUT_RDWR } },
		{ "sendto", { 0, 0, 0, MSG_FASTOPEN } },
		{ "sendto", { 0, 0, 0, 0, 1 } },
		{ "send", { 0, 0, 0, MSG_FASTOPEN } },
		{ "sendmsg", { LINE, 0, MSG_FASTOPEN } },
		{ "sendmsg", { LINE - 1 } },
		{ "sendmsg", { 0 } },
		{ "close", { LINE } },
		{ "close", { BEYOND | LINE } },
		{ "socketpair", { AF_INET } },
		{ "socketpair", { AF_INET6 } },
		{ "sendmmsg", { 0 } },
		{ "getsockopt", { 0, SOL_SOCKET, SO_ERROR } },
		{ "setsockopt", { 0, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF } },
		{ "setsockopt", { 0, SOL_SOCKET, SO_REUSEPORT } },
		{ "setsockopt", { 0, IPPROTO_TCP, TCP_FASTOPEN_CONNECT } },
		/* A level and a name that are each in use, but not together. */
		{ "setsockopt", { 0, SOL_SOCKET, TCP_QUICKACK } },
		{ "setsockopt", { 0, IPPROTO_TCP, SO_LINGER } },
		{ "fcntl", { 0, F_SETFL } },
		{ "fcntl64", { 0, F_SETFL } },
		{ "fcntl", { 0, F_SETLK } },
		{ "fcntl", { 0, F_SETLKW } },
		{ "fcntl64", { 0, F_SETLK } },
		{ "fcntl", { 0, F_OFD_SETLK } },
		{ "fcntl", { 0, F_SETLEASE } },
		{ "mmap", { 0, 0, PROT_READ | PROT_EXEC } },
		{ "mmap2", { 0, 0, PROT_READ | PROT_EXEC } },
		{ "mprotect", { 0, 0, PROT_READ | PROT_EXEC } },
		{ "ioctl", { 0, TIOCSTI, 0 } },
		{ "execve", { 0 } },
		{ "execveat", { 0 } },
		{ "clone", { 0 } },
		{ "clone3", { 0 } },
		{ "fork", { 0 } },
		{ "socket", { 0 } },
		{ "connect", { 0 } },
		{ "bind", { 0 } },
		{ "kill", { 0 } },
		{ "tkill", { 0 } },
		{ "tgkill", { parent } },
		{ "rt_tgsigqueueinfo", { 0 } },
		{ "fcntl", { 0, F_SETOWN, parent } },
		{ "fcntl64", { 0, F_SETOWN, parent } },
		{ "fcntl", { 0, F_SETOWN_EX } },
		{ "fcntl", { 0, F_SETSIG } },
		{ "ptrace", { 0 } },
		{ "process_vm_readv", { 0 } },
		{ "unlinkat", { 0 } },
		{ "renameat2", { 0 } },
		{ "open_by_handle_at", { 0 } },
		{ "io_uring_setup", { 0 } },
		{ "bpf", { 0 } },
		{ "dup", { 0 } },
	};

	(void)state;
	for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
		struct programs program = export(machines[m]);

		for (size_t i = 0; i < sizeof table / sizeof *table; i++)
			if (judge(&program, machines[m], table[i].name,
				table[i].arguments) == ALLOWED)
				fail_msg(
				    "%s allows %s", machines[m], table[i].name);
	}
}

/* Each role has its own. */
static void
roles(void **state)
{
	static const struct {
		const char *name;
		uint64_t arguments[5];
		const char *roles; /* see `each` */
	} table[] = {
		{ "recvmsg", { 0 }, "wiaskc" },
		{ "close", { 0 }, "wiaskc" },
		{ "write", { 0 }, "wiaskuc" }, /* the log */
		{ "getrandom", { 0 }, "wiaskuc" },
		{ "read", { 0 }, "wiasuc" },
		{ "openat2", { 0 }, "wiac" },
		{ "openat", { 0 }, "wiasc" },
		{ "openat", { 0, 0, 0, 04755 }, "wiac" },
		{ "openat", { 0, 0, 0, 02755 }, "wiac" },
		{ "newfstatat", { 0 }, "wiasc" },
		{ "fstatat64", { 0 }, "wiasc" },
		{ "getdents64", { 0 }, "wiasc" },
		{ "accept4", { 0 }, "w" },
		{ "recvfrom", { 0 }, "wk" },
		{ "sendto", { 0 }, "wkc" },
		{ "recv", { 0 }, "wk" },
		{ "send", { 0 }, "wkc" },
		{ "sendto", { 0, 0, 0, 0, 1 }, "" },
		{ "sendmsg", { 0 }, "asc" },
		{ "sendmsg", { LINE }, "wasc" },
		{ "close", { LINE }, "iaskc" },
		{ "sendmsg", { LINE, 0, MSG_FASTOPEN }, "" },
		{ "epoll_ctl", { 0 }, "w" },
		{ "shutdown", { 3, SHUT_WR }, "w" },
		{ "setsockopt", { 3, SOL_SOCKET, SO_LINGER }, "wiaskc" },
		{ "setsockopt", { 3, SOL_SOCKET, SO_PASSCRED }, "wiaskc" },
		{ "setsockopt", { 2, SOL_SOCKET, SO_LINGER }, "" },
		{ "pwrite64", { 0 }, "i" },
		{ "ftruncate", { 3 }, "i" },
		{ "inotify_add_watch", { 0 }, "i" },
		{ "memfd_create", { 0 }, "a" },
		{ "fcntl", { 0, F_ADD_SEALS }, "a" },
		{ "fcntl", { 0, F_GETFL }, "wiasc" },
		{ "clone", { SIGCHLD }, "a" },
		{ "clone", { CLONE_NEWUSER | SIGCHLD }, "" },
		{ "wait4", { 0 }, "a" },
		{ "mmap", { 0, 0, PROT_EXEC }, "" },
		{ "ioctl", { 0, TIOCOUTQ }, "w" },
		{ "kill", { 0 }, "" },
		{ "socket", { AF_UNSPEC }, "" },
		{ "socket", { AF_UNIX }, "c" },
		{ "socket", { AF_INET }, "c" },
		{ "socket", { AF_INET6 }, "c" },
		{ "socket", { AF_NETLINK }, "" },
		{ "socket", { AF_PACKET }, "" },
		{ "connect", { 0 }, "c" },
		{ "bind", { 0 }, "" },
		{ "listen", { 0 }, "" },
		{ "setresuid", { 0 }, "" },
		{ "setgroups", { 0 }, "" },
		{ "setsid", { 0 }, "" },
		{ "setpgid", { 0 }, "" },
		{ "ptrace", { 0 }, "" },
		{ "unshare", { 0 }, "" },
		{ "mount", { 0 }, "" },
		{ "clone3", { 0 }, "" },
		{ "io_uring_setup", { 0 }, "" },
		{ "mknodat", { 0 }, "" },
		{ "socketpair", { AF_UNIX }, "w" },
		{ "setitimer", { 0 }, "" },
		{ "pidfd_send_signal", { 3, SIGKILL }, "a" },
		{ "pidfd_send_signal", { 3, SIGSTOP }, "" },
		{ "pidfd_open", { 0 }, "" },
		{ "pidfd_getfd", { 0 }, "" },
		{ "unlinkat", { 0 }, "is" },
		{ "renameat2", { 0 }, "is" },
		{ "fdatasync", { 0 }, "i" },
		{ "linkat", { 0 }, "s" },
		{ "mkdirat", { 0 }, "s" },
		{ "mkdirat", { 0, 0, 02755 }, "" },
		{ "fchmod", { 3, 0644 }, "s" },
		{ "fchmod", { 3, 04755 }, "" },
		{ "fsync", { 0 }, "is" },
		{ "fchmodat", { 0 }, "" },
		{ "fchown", { 3 }, "" },
		{ "symlinkat", { 0 }, "" },
		{ "geteuid", { 0 }, "ia" },
		{ "clock_nanosleep", { 0 }, "ia" },
		{ "fcntl", { 0, F_SETLK }, "ia" },
		{ "fcntl", { 0, F_SETLKW }, "" },
		{ "execve", { 0 }, "" },
		{ "getsockopt", { 0 }, "c" },
	};
	static const struct {
		char letter;
		enum jail_role role;
	} each[] = { { 'w', JAIL_WORKER }, { 'i', JAIL_INDEXER },
		{ 'a', JAIL_ANSWERS }, { 's', JAIL_WRITER }, { 'k', JAIL_KEYS },
		{ 'u', JAIL_UNPACKER }, { 'c', JAIL_CONNECTOR } };

	(void)state;
	for (size_t m = 0; m < sizeof machines / sizeof *machines; m++)
		for (size_t r = 0; r < sizeof each / sizeof *each; r++) {
			struct programs program =
			    export_for(machines[m], each[r].role);

			for (size_t i = 0; i < sizeof table / sizeof *table;
			     i++) {
				enum verdict verdict =
				    judge(&program, machines[m], table[i].name,
					table[i].arguments);
				bool wanted = strchr(table[i].roles,
						  each[r].letter) != NULL;

				if (verdict != UNKNOWN &&
				    (verdict == ALLOWED) != wanted)
					fail_msg("%s, %c: row %zu, %s",
					    machines[m], each[r].letter, i,
					    table[i].name);
			}
		}
}

/* Standard descriptors are those of all processes, and of the master. */
static void
standard_descriptors(void **state)
{
	static const uint64_t descriptors[] = { 0, 1, 2, BEYOND | 2 };
	static const struct {
		const char *name;
		uint64_t argument;
		enum jail_role role;
	} table[] = {
		{ "shutdown", SHUT_WR, JAIL_WORKER },
		{ "ftruncate", 0, JAIL_INDEXER },
		{ "ftruncate64", 0, JAIL_INDEXER },
		{ "fcntl", F_DUPFD_CLOEXEC, JAIL_WORKER },
		{ "fcntl64", F_DUPFD_CLOEXEC, JAIL_INDEXER },
		{ "fcntl", F_DUPFD_CLOEXEC, JAIL_ANSWERS },
		{ "fchmod", 0666, JAIL_WRITER },
	};

	(void)state;
	for (size_t m = 0; m < sizeof machines / sizeof *machines; m++)
		for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
			struct programs program =
			    export_for(machines[m], table[i].role);
			uint64_t arguments[5] = { 3, table[i].argument };

			if (judge(&program, machines[m], table[i].name,
				arguments) == REFUSED)
				fail_msg("%s refuses row %zu", machines[m], i);
			for (size_t d = 0; d < 4; d++) {
				arguments[0] = descriptors[d];
				if (judge(&program, machines[m], table[i].name,
					arguments) == ALLOWED)
					fail_msg("%s: row %zu, descriptor %zu",
					    machines[m], i, d);
			}
		}
}

/* A big-endian program, in the order of this machine. */
static void
turn_round(struct program *program)
{
	for (size_t i = 0; i < program->len; i++) {
		program->at[i].code = ntohs(program->at[i].code);
		program->at[i].k = ntohl(program->at[i].k);
	}
}

/* The flags of clone are its second argument on s390x. */
static void
children_of_s390x(void **state)
{
	static const struct {
		uint64_t arguments[2];
		bool allowed;
	} table[] = {
		{ { 0, SIGCHLD }, true },
		{ { CLONE_NEWUSER, SIGCHLD }, true }, /* the stack */
		{ { 0, CLONE_NEWUSER | SIGCHLD }, false },
	};
	struct program program =
	    export_one("s390x", JAIL_ANSWERS, SYSCALLS_OF_ROLE);
	uint32_t token = seccomp_arch_resolve_name("s390x");

	(void)state;
	turn_round(&program);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct seccomp_data data = { .arch = token,
			.nr =
			    seccomp_syscall_resolve_name_arch(token, "clone") };

		for (size_t j = 0; j < 2; j++)
			data.args[j] = table[i].arguments[j] << 32 |
			    table[i].arguments[j] >> 32;
		assert_int_equal(run(&program, &data) == SECCOMP_RET_ALLOW,
		    table[i].allowed);
	}
}

/*
 * Numbers of the kernel's: libseccomp has others, below 0, where there is
 * socketcall as well, whose arguments no filter sees.
 */
static void
sockets_of_ppc64le(void **state)
{
	static const struct {
		int number;
		uint64_t arguments[5];
		bool allowed;
	} table[] = {
		{ 344, { 0 }, true }, /* accept4 */
		{ 337, { 0 }, true }, /* recvfrom */
		{ 335, { 0, 0, 0, MSG_NOSIGNAL }, true }, /* sendto */
		{ 335, { 0, 0, 0, MSG_FASTOPEN }, false },
		{ 335, { 0, 0, 0, 0, 1 }, false },
		{ 338, { 3, SHUT_WR }, true }, /* shutdown */
		{ 338, { 2, SHUT_WR }, false }, { 338, { 3, SHUT_RD }, false },
		{ 328, { 0 }, false }, /* connect */
		{ 102, { 5 }, false }, /* socketcall: accept */
		{ 102, { 11 }, false }, /* sendto */
		{ 102, { 13 }, false }, /* shutdown */
		{ 102, { 3 }, false }, /* connect */
	};
	struct programs programs = export("ppc64le");

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct seccomp_data data = { .nr = table[i].number,
			.arch = seccomp_arch_resolve_name("ppc64le") };

		memcpy(
		    data.args, table[i].arguments, sizeof table[i].arguments);
		if (passes(&programs, &data) != table[i].allowed)
			fail_msg("row %zu", i);
	}
}

static void
machines_without_filters(void **state)
{
	static const struct {
		const char *machine;
		bool filtered;
	} table[] = {
		{ "x86_64", true },
		{ "aarch64", true },
		{ "arm", true },
		{ "riscv64", true },
		{ "mipsel64", true },
		{ "ppc64le", true },
		/* glibc makes all socket calls there by socketcall. */
		{ "x86", false },
		{ "s390x", false },
		{ "s390", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (syscalls_machine_is_filtered(table[i].machine) !=
		    table[i].filtered)
			fail_msg("%s", table[i].machine);
}

/* Another machine's calls have other numbers: none of them is let through. */
static void
other_machines(void **state)
{
	const struct jail_access nothing = { .role = JAIL_WORKER, .state = -1 };
	struct programs program = export("x86_64");
	struct seccomp_data data = { .nr = 0, /* read */
		.arch = seccomp_arch_resolve_name("aarch64") };

	(void)state;
	assert_false(passes(&program, &data));
	data.arch = seccomp_arch_resolve_name("x86_64");
	assert_true(passes(&program, &data));
	assert_int_equal(
	    syscalls_export("pdp11", &nothing, SYSCALLS_OF_ROLE, -1), -1);
}

/* In a process of its own: under a filter that lets nobody set one. */
static void
kernel_without_filters(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_true(syscalls_available());
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		/* All that is needed here, and all that valgrind knows. */
		int bad = seccomp_api_set(1);
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
		    SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));

		bad |= seccomp_load(filter);
		seccomp_release(filter);
		_exit(bad != 0 ? 2 : syscalls_available());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serving),
		cmocka_unit_test(anything_else),
		cmocka_unit_test(roles),
		cmocka_unit_test(standard_descriptors),
		cmocka_unit_test(children_of_s390x),
		cmocka_unit_test(sockets_of_ppc64le),
		cmocka_unit_test(machines_without_filters),
		cmocka_unit_test(other_machines),
		cmocka_unit_test(kernel_without_filters),
	};

	/* Valgrind hides the filters of the kernel, which libseccomp asks. */
	(void)seccomp_api_set(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
