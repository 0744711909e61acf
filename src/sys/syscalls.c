/*
 * The system call filters of each process role, made with libseccomp.
 */
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER (1U << JAIL_WORKER)
#define INDEXER (1U << JAIL_INDEXER)
#define ANSWERS (1U << JAIL_ANSWERS)
#define WRITER (1U << JAIL_WRITER)
#define KEYS (1U << JAIL_KEYS)
#define CONNECTOR (1U << JAIL_CONNECTOR)
#define UNPACKER (1U << JAIL_UNPACKER)
#define READERS (WORKER | INDEXER | ANSWERS | WRITER | CONNECTOR)
#define DAEMONS (READERS | KEYS)
#define ALL (DAEMONS | UNPACKER)

/*
 * System calls by name: libseccomp finds each machine's number, and a name that
 * a machine lacks (arm64 has no epoll_wait) is skipped. The variant that libc
 * calls depends on its version, so all variants of a call are listed.
 */
static const struct {
	const char *reason;
	unsigned roles; /* a bit for each */
	const char *names[16];
} groups[] = {
	{ "clients are accepted", WORKER,
	    { "accept4", "accept", "getsockname" } },
	{ "messages of clients, and of other processes", WORKER | KEYS,
	    { "recvfrom", "recv" } },
	{ "descriptors come from other processes", DAEMONS,
	    { "recvmsg", "close" } },
	{ "slow pages are made by children", ANSWERS,
	    { "memfd_create", "wait4" } },
	{ "libevent waits for them, and for signals", WORKER,
	    { "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl" } },
	{ "time, where it is not read without a call", ALL,
	    { "clock_gettime", "clock_gettime64", "gettimeofday", "time" } },
	{ "servers of programs are connected to", CONNECTOR,
	    { "connect", "getsockopt" } },
	{ "files are opened, beneath the tree alone", READERS & ~WRITER,
	    { "openat2", "openat" } },
	{ "and looked up", READERS,
	    { "fstat", "fstat64", "newfstatat", "fstatat64", "statx",
		"faccessat", "faccessat2", "readlinkat" } },
	{ "and read", READERS,
	    { "read", "pread64", "lseek", "_llseek", "getdents64" } },
	{ "an archive is read", UNPACKER, { "read" } },
	{ "and sent", WORKER, { "sendfile", "sendfile64" } },
	{ "an index is written", INDEXER,
	    { "pwrite64", "ftruncate", "ftruncate64", "fdatasync", "fsync",
		"unlinkat", "renameat", "renameat2" } },
	{ "an upload is stored", WRITER,
	    { "fsync", "flock", "linkat", "unlinkat", "renameat",
		"renameat2" } },
	{ "SQLite waits for a lock, and asks whether it is root",
	    INDEXER | ANSWERS,
	    { "geteuid", "geteuid32", "nanosleep", "clock_nanosleep",
		"clock_nanosleep_time64" } },
	{ "changes are watched for", INDEXER,
	    { "inotify_add_watch", "fchdir" } },
	{ "the log is written, when it has room", ALL,
	    { "write", "writev", "poll", "ppoll", "ppoll_time64" } },
	{ "qsort asks how much memory there is, in glibc before 2.37", READERS,
	    { "sysinfo" } },
	{ "malloc", ALL, { "brk", "munmap", "mremap", "madvise" } },
	{ "OpenSSL: randomness, locks, whether it was forked", ALL,
	    { "getrandom", "futex", "futex_time64", "getpid", "gettid" } },
	{ "signals are answered, and the process ends", ALL,
	    { "rt_sigreturn", "sigreturn", "rt_sigprocmask", "rt_sigaction",
		"restart_syscall", "exit", "exit_group" } },
};

/* Match an argument, counted from 0, that equals `value` or lacks `bits`. */
#define IS(argument, value) \
	{ \
		argument, SCMP_CMP_EQ, value, 0 \
	}
#define LACKS(argument, bits) \
	{ \
		argument, SCMP_CMP_MASKED_EQ, bits, 0 \
	}
/* F_GETLK64 and F_SETLK64 of 32-bit machines; a 64-bit libc may lack them. */
#define F_GETLK64_32 12
#define F_SETLK64_32 13
/* Flags that an ordinary child process in the same namespaces does not need. */
#define NOT_A_PLAIN_CHILD \
	(CLONE_PARENT | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | \
	    CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

#define SET_ID (S_ISUID | S_ISGID)

/*
 * Calls that are harmless with certain arguments only. A listener that is shut
 * down for reading becomes a socket that MSG_FASTOPEN can connect; a program
 * for SO_ATTACH_REUSEPORT_CBPF can take the clients of all workers; and the
 * listeners' O_NONBLOCK is shared with the other workers. A file that sets the
 * user runs outside the jail.
 */
static const struct {
	const char *name;
	unsigned roles;
	struct scmp_arg_cmp when[2];
	unsigned count;
} partial[] = {
	{ "mmap", ALL, { LACKS(2, PROT_EXEC) }, 1 },
	{ "mmap2", ALL, { LACKS(2, PROT_EXEC) }, 1 },
	{ "mprotect", ALL, { LACKS(2, PROT_EXEC) }, 1 },
	/* See system_unsent. */
	{ "ioctl", WORKER, { IS(1, TIOCOUTQ) }, 1 },
	{ "shutdown", WORKER, { IS(1, SHUT_WR) }, 1 },
	{ "sendto", WORKER | KEYS | CONNECTOR,
	    { LACKS(3, MSG_FASTOPEN), IS(4, 0) }, 2 },
	{ "send", WORKER | KEYS | CONNECTOR, { LACKS(3, MSG_FASTOPEN) }, 1 },
	{ "socketpair", WORKER, { IS(0, AF_UNIX) }, 1 },
	{ "socket", CONNECTOR, { IS(0, AF_UNIX) }, 1 },
	{ "socket", CONNECTOR, { IS(0, AF_INET) }, 1 },
	{ "socket", CONNECTOR, { IS(0, AF_INET6) }, 1 },
	{ "sendmsg", ANSWERS | WRITER | CONNECTOR, { LACKS(2, MSG_FASTOPEN) },
	    1 },
	{ "setsockopt", WORKER, { IS(1, IPPROTO_TCP), IS(2, TCP_QUICKACK) },
	    2 },
	/* See dial_begin. */
	{ "setsockopt", CONNECTOR, { IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY) },
	    2 },
	/* See fdpass_close. */
	{ "setsockopt", DAEMONS, { IS(1, SOL_SOCKET), IS(2, SO_LINGER) }, 2 },
	{ "setsockopt", DAEMONS, { IS(1, SOL_SOCKET), IS(2, SO_PASSCRED) }, 2 },
	{ "fcntl", READERS, { IS(1, F_GETFD) }, 1 },
	{ "fcntl", READERS, { IS(1, F_SETFD) }, 1 },
	{ "fcntl", READERS, { IS(1, F_GETFL) }, 1 },
	{ "fcntl", READERS, { IS(1, F_DUPFD_CLOEXEC) }, 1 },
	{ "fcntl", INDEXER | ANSWERS, { IS(1, F_SETLK) }, 1 },
	{ "fcntl", INDEXER | ANSWERS, { IS(1, F_GETLK) }, 1 },
	{ "fcntl", ANSWERS, { IS(1, F_ADD_SEALS) }, 1 },
	{ "fcntl64", READERS, { IS(1, F_GETFD) }, 1 },
	{ "fcntl64", READERS, { IS(1, F_SETFD) }, 1 },
	{ "fcntl64", READERS, { IS(1, F_GETFL) }, 1 },
	{ "fcntl64", READERS, { IS(1, F_DUPFD_CLOEXEC) }, 1 },
	/* On 32-bit machines libc calls this one. */
	{ "fcntl64", INDEXER | ANSWERS, { IS(1, F_SETLK) }, 1 },
	{ "fcntl64", INDEXER | ANSWERS, { IS(1, F_GETLK) }, 1 },
	{ "fcntl64", INDEXER | ANSWERS, { IS(1, F_SETLK64_32) }, 1 },
	{ "fcntl64", INDEXER | ANSWERS, { IS(1, F_GETLK64_32) }, 1 },
	{ "fcntl64", ANSWERS, { IS(1, F_ADD_SEALS) }, 1 },
	{ "prlimit64", ANSWERS, { IS(0, 0) }, 1 },
	{ "openat", WRITER, { LACKS(3, SET_ID) }, 1 },
	{ "fchmod", WRITER, { LACKS(1, SET_ID) }, 1 },
	{ "mkdirat", WRITER, { LACKS(2, SET_ID) }, 1 },
	/* Only clone gives it a descriptor of a process: see system_fork. */
	{ "pidfd_send_signal", ANSWERS, { IS(1, SIGKILL) }, 1 },
};

/*
 * Matches an argument that equals the value in the bits of the mask. The kernel
 * ignores the upper half of a descriptor, so a comparison must do so, too.
 */
#define MASKED(argument, mask, value) \
	{ \
		argument, SCMP_CMP_MASKED_EQ, mask, value \
	}

/* The descriptors 0 to 2. */
static const struct scmp_arg_cmp standard[] = {
	MASKED(0, 0xfffffffe, STDIN_FILENO),
	MASKED(0, 0xffffffff, STDERR_FILENO),
};

/*
 * Calls that no process may use on a standard descriptor, which it shares with
 * all others: the log may be a socket, as under journald, or a file.
 */
static const struct {
	const char *name;
	struct scmp_arg_cmp when;
	unsigned count; /* of `when` */
} never[] = {
	{ "shutdown", MASKED(1, 0, 0), 0 },
	{ "setsockopt", MASKED(1, 0, 0), 0 },
	{ "fchmod", MASKED(1, 0, 0), 0 },
	{ "ftruncate", MASKED(1, 0, 0), 0 },
	{ "ftruncate64", MASKED(1, 0, 0), 0 },
	{ "fcntl", MASKED(1, 0xffffffff, F_DUPFD_CLOEXEC), 1 },
	{ "fcntl64", MASKED(1, 0xffffffff, F_DUPFD_CLOEXEC), 1 },
};

#define NEVER_COUNT (sizeof never / sizeof *never)
#define STANDARD_COUNT (sizeof standard / sizeof *standard)
#define PARTIAL_COUNT (sizeof partial / sizeof *partial)
#define GROUP_COUNT (sizeof groups / sizeof *groups)
#define NAME_COUNT (sizeof groups[0].names / sizeof *groups[0].names)

/* A filter under construction. */
struct draft {
	scmp_filter_ctx filter;
	uint32_t machine; /* an architecture of libseccomp */
	uint32_t action; /* of the rules */
};

static bool
has_socketcall(uint32_t machine)
{
	return seccomp_syscall_resolve_name_arch(machine, "socketcall") >= 0;
}

/*
 * Whether the machine has the call. libseccomp gives socket calls numbers below
 * -1 where socketcall makes them, too; the rule then covers both.
 */
static bool
is_known(uint32_t machine, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(machine, name);

	return number >= 0 ||
	    (number <= __PNR_socket && number >= __PNR_sendmmsg &&
		has_socketcall(machine));
}

static int
add(const struct draft *draft, const char *name, unsigned count,
    const struct scmp_arg_cmp *when)
{
	int result;

	if (!is_known(draft->machine, name))
		return 0;
	/* libseccomp takes native numbers for any machine. */
	result = seccomp_rule_add_array(draft->filter, draft->action,
	    seccomp_syscall_resolve_name(name), count, when);
	/* The call is an alias of one that already has a rule. */
	return result == -EEXIST ? 0 : result;
}

/* On some machines the flags come second: CONFIG_CLONE_BACKWARDS2. */
static int
add_clone(const struct draft *draft)
{
	static const struct scmp_arg_cmp first = LACKS(0, NOT_A_PLAIN_CHILD);
	static const struct scmp_arg_cmp second = LACKS(1, NOT_A_PLAIN_CHILD);
	bool is_second = draft->machine == SCMP_ARCH_S390 ||
	    draft->machine == SCMP_ARCH_S390X;

	return add(draft, "clone", 1, is_second ? &second : &first);
}

/* Adds the rules that hold for every process; the role filter has the rest. */
static int
fill_of_all(const struct draft *draft, const struct jail_access *access)
{
	/* socketcall would bypass the rules for the calls that it makes. */
	int result = add(draft, "socketcall", 0, NULL);

	/* No other socket may get the number of a line: see add_lines. */
	for (size_t i = 0; i < access->line_count && result == 0; i++) {
		const struct scmp_arg_cmp is_line =
		    MASKED(0, 0xffffffff, (scmp_datum_t)access->lines[i]);

		if (access->lines[i] != -1)
			result = add(draft, "close", 1, &is_line);
	}
	for (size_t i = 0; i < NEVER_COUNT; i++)
		for (size_t j = 0; j < STANDARD_COUNT && result == 0; j++) {
			const struct scmp_arg_cmp when[] = { standard[j],
				never[i].when };

			result =
			    add(draft, never[i].name, 1 + never[i].count, when);
		}
	return result;
}

/*
 * A worker that could pass a descriptor to itself would get a standard one
 * under another number, and could shut it down.
 */
static int
add_lines(const struct draft *draft, const struct jail_access *access)
{
	int result = 0;

	for (size_t i = 0; i < access->line_count && result == 0; i++) {
		const struct scmp_arg_cmp when[] = {
			MASKED(0, 0xffffffff, (scmp_datum_t)access->lines[i]),
			LACKS(2, MSG_FASTOPEN)
		};

		if (access->lines[i] != -1)
			result = add(draft, "sendmsg", 2, when);
	}
	return result;
}

static int
fill_of_role(const struct draft *draft, const struct jail_access *access)
{
	enum jail_role role = access->role;
	/* Modes of openat2 are in memory; lookups go on without it. */
	const struct draft missing = { draft->filter, draft->machine,
		SCMP_ACT_ERRNO(ENOSYS) };
	/* abort() sends the signal to its own process. */
	const struct scmp_arg_cmp to_itself = { 0, SCMP_CMP_EQ,
		(scmp_datum_t)getpid(), 0 };
	int result = add(draft, "tgkill", 1, &to_itself);

	if (result == 0 && role == JAIL_ANSWERS)
		result = add_clone(draft);
	if (result == 0 && role == JAIL_WORKER)
		result = add_lines(draft, access);
	if (result == 0 && role == JAIL_WRITER)
		result = add(&missing, "openat2", 0, NULL);
	for (size_t i = 0; i < PARTIAL_COUNT && result == 0; i++)
		if (partial[i].roles & 1U << role)
			result = add(draft, partial[i].name, partial[i].count,
			    partial[i].when);
	for (size_t i = 0; i < GROUP_COUNT; i++)
		for (size_t j = 0; j < NAME_COUNT; j++) {
			if (result != 0 || groups[i].names[j] == NULL ||
			    !(groups[i].roles & 1U << role))
				break;
			result = add(draft, groups[i].names[j], 0, NULL);
		}
	return result;
}

/* The parameters of a filter. */
struct kind {
	uint32_t machine;
	const struct jail_access *access;
	enum syscalls_filter filter;
	uint32_t refusal; /* the action for a forbidden call */
};

/* Returns 0 or libseccomp's negative error number. */
static int
make(const struct kind *kind, scmp_filter_ctx *out)
{
	bool of_role = kind->filter == SYSCALLS_OF_ROLE;
	uint32_t machine = kind->machine;
	scmp_filter_ctx filter =
	    seccomp_init(of_role ? kind->refusal : SCMP_ACT_ALLOW);
	const struct draft draft = { filter, machine,
		of_role ? SCMP_ACT_ALLOW : kind->refusal };
	int result = filter == NULL ? -ENOMEM : 0;

	if (result == 0 && machine != seccomp_arch_native()) {
		/* Not after: machines of a filter must have one byte order. */
		result = seccomp_arch_remove(filter, seccomp_arch_native());
		if (result == 0)
			result = seccomp_arch_add(filter, machine);
	}
	/* Ask for a binary tree of comparisons, and the kernel's errors. */
	if (result == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (result == 0)
		result = of_role ? fill_of_role(&draft, kind->access)
				 : fill_of_all(&draft, kind->access);
	*out = filter;
	return result;
}

static bool
is_filtered(uint32_t machine)
{
	switch (machine) {
	/* On these machines glibc does not use socketcall. */
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
	case SCMP_ARCH_PPC:
	case SCMP_ARCH_PPC64:
	case SCMP_ARCH_PPC64LE: return true;
	default: return !has_socketcall(machine);
	}
}

bool
syscalls_machine_is_filtered(const char *machine)
{
	return is_filtered(seccomp_arch_resolve_name(machine));
}

bool
syscalls_available(void)
{
	/* A kernel with filters fails to read one at NULL: EFAULT. */
	return is_filtered(seccomp_arch_native()) &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 &&
	    errno == EFAULT;
}

static int
fail(int result)
{
	errno = result < 0 ? -result : EINVAL;
	return -1;
}

static int
enter(const struct kind *kind)
{
	scmp_filter_ctx filter;
	int result = make(kind, &filter);

	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result == 0 ? 0 : fail(result);
}

int
syscalls_enter(const struct jail_access *access, bool only_log)
{
	/*
	 * Do not use SCMP_ACT_TRAP: an attacker could handle SIGSYS and go on,
	 * and our own handler would not run while libc blocks signals.
	 */
	struct kind kind = { seccomp_arch_native(), access, SYSCALLS_OF_ALL,
		only_log ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS };

	/* Load the role's filter last: it forbids loading another one. */
	if (enter(&kind) == -1)
		return -1;
	kind.filter = SYSCALLS_OF_ROLE;
	return enter(&kind);
}

static int
add_refusal(scmp_filter_ctx filter, const struct syscalls_refusal *refusal,
    uint32_t action)
{
	const struct draft draft = { filter, seccomp_arch_native(), action };
	struct scmp_arg_cmp when = { refusal->argument, SCMP_CMP_MASKED_EQ,
		UINT32_MAX, refusal->value };

	switch (refusal->test) {
	case SYSCALLS_ALWAYS: return add(&draft, refusal->name, 0, NULL);
	case SYSCALLS_EQUALS: break;
	case SYSCALLS_DIFFERS:
		when.op = SCMP_CMP_NE;
		when.datum_a = refusal->value;
		break;
	case SYSCALLS_EXCEEDS:
		when.op = SCMP_CMP_GT;
		when.datum_a = refusal->value;
		break;
	case SYSCALLS_HAS: when.datum_a = refusal->value; break;
	}
	return add(&draft, refusal->name, 1, &when);
}

int
syscalls_refuse(const struct syscalls_refusal *all, size_t count, bool only_log)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = filter == NULL ? -ENOMEM : 0;

	if (result == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_refusal(filter, &all[i],
		    only_log ? SCMP_ACT_LOG
			     : SCMP_ACT_ERRNO((uint32_t)all[i].error));
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result == 0 ? 0 : fail(result);
}

int
syscalls_export(const char *machine, const struct jail_access *access,
    enum syscalls_filter filter, int fd)
{
	const struct kind kind = { seccomp_arch_resolve_name(machine), access,
		filter, SCMP_ACT_KILL_PROCESS };
	scmp_filter_ctx made;
	int result = make(&kind, &made);

	if (result == 0)
		result = seccomp_export_bpf(made, fd);
	seccomp_release(made);
	return result == 0 ? 0 : fail(result);
}
