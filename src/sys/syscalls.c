/*
 * The system calls of a worker, by libseccomp.  Knows which ones serving
 * takes, and for what; knows nothing of who serves.
 */
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/log.h"

/*
 * By name, so that each machine's own number is found, and a name that it
 * lacks (arm64 has no epoll_wait) is passed over.  libc picks one or the
 * other of several with its age, so all of a kind stand here.
 */
static const struct {
	const char *reason;
	const char *names[16];
} groups[] = {
	{ "clients come, talk and go",
	    { "accept4", "accept", "recvfrom", "recvmsg", "sendto", "sendmsg",
		"shutdown", "setsockopt", "getsockopt", "getsockname",
		"close" } },
	{ "libevent waits for them, and for signals",
	    { "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl" } },
	{ "time, where it is not read without a call",
	    { "clock_gettime", "clock_gettime64", "gettimeofday", "time" } },
	{ "files are looked up, beneath the tree alone",
	    { "openat2", "openat", "fstat", "fstat64", "newfstatat",
		"fstatat64", "statx", "faccessat", "faccessat2",
		"readlinkat" } },
	{ "and read",
	    { "read", "pread64", "lseek", "_llseek", "getdents64", "fcntl",
		"fcntl64" } },
	{ "the log is written, when it has room",
	    { "write", "writev", "poll", "ppoll", "ppoll_time64" } },
	{ "malloc", { "brk", "munmap", "mremap", "madvise" } },
	{ "OpenSSL: randomness, locks, whether it was forked",
	    { "getrandom", "futex", "futex_time64", "getpid", "gettid" } },
	{ "signals are answered, and the process ends",
	    { "rt_sigreturn", "sigreturn", "rt_sigprocmask", "rt_sigaction",
		"restart_syscall", "exit", "exit_group", "tgkill" } },
};

#define GROUP_COUNT (sizeof groups / sizeof *groups)
#define NAME_COUNT (sizeof groups[0].names / sizeof *groups[0].names)

static void
on_refused(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	log_line(LOG_LEVEL_ERROR,
	    "worker: system call %d is not one of a worker's, so it ends; if "
	    "this comes again, please report it, and set jail=log meanwhile",
	    info->si_syscall);
	_exit(EXIT_FAILURE);
}

static int
allow(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	int result;

	if (number == __NR_SCMP_ERROR || number < 0)
		return 0;
	result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	/* An alias of one that is there already. */
	return result == -EEXIST ? 0 : result;
}

/* Calls that are harmless with some of their arguments only. */
static int
allow_some(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp no_code = { .arg = 2,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = PROT_EXEC,
		.datum_b = 0 };
	const struct scmp_arg_cmp unsent = {
		.arg = 1, .op = SCMP_CMP_EQ, .datum_a = TIOCOUTQ
	};
	int mmap2 = seccomp_syscall_resolve_name("mmap2");
	int result = seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);

	if (result == 0 && mmap2 >= 0)
		result = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, mmap2, 1, &no_code);
	if (result == 0)
		result = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
	if (result == 0)
		result = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &unsent);
	return result;
}

static int
fill(scmp_filter_ctx filter)
{
	int result = allow_some(filter);

	for (size_t i = 0; i < GROUP_COUNT; i++)
		for (size_t j = 0; j < NAME_COUNT; j++) {
			if (result != 0 || groups[i].names[j] == NULL)
				break;
			result = allow(filter, groups[i].names[j]);
		}
	return result;
}

int
syscalls_enter(bool only_log)
{
	const struct sigaction refused = { .sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO };
	scmp_filter_ctx filter =
	    seccomp_init(only_log ? SCMP_ACT_LOG : SCMP_ACT_TRAP);
	int result;

	if (filter == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* A tree of comparisons; a list would do, where this is not known. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	result = sigaction(SIGSYS, &refused, NULL) == -1 ? -errno : 0;
	if (result == 0)
		result = fill(filter);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result == 0)
		return 0;
	errno = result < 0 ? -result : EINVAL;
	return -1;
}
