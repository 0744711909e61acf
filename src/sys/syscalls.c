/*
 * The system calls of a worker, by libseccomp.  Knows which ones serving
 * takes, and for what; knows nothing of who serves.
 */
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sys/log.h"

/* Memory, but for code. */
#define NO_CODE \
	{ \
		2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 \
	}

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
	    { "read", "pread64", "sendfile", "sendfile64", "lseek", "_llseek",
		"getdents64", "fcntl", "fcntl64" } },
	{ "the log is written, when it has room",
	    { "write", "writev", "poll", "ppoll", "ppoll_time64" } },
	{ "malloc", { "brk", "munmap", "mremap", "madvise" } },
	{ "OpenSSL: randomness, locks, whether it was forked",
	    { "getrandom", "futex", "futex_time64", "getpid", "gettid" } },
	{ "signals are answered, and the process ends",
	    { "rt_sigreturn", "sigreturn", "rt_sigprocmask", "rt_sigaction",
		"restart_syscall", "exit", "exit_group", "tgkill" } },
};

/* Calls that are harmless with some of their arguments only. */
static const struct {
	const char *name;
	struct scmp_arg_cmp when;
} partial[] = {
	{ "mmap", NO_CODE }, { "mmap2", NO_CODE }, { "mprotect", NO_CODE },
	{ "ioctl", { 1, SCMP_CMP_EQ, TIOCOUTQ, 0 } }, /* see system_unsent */
};

#define PARTIAL_COUNT (sizeof partial / sizeof *partial)
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

/* `machine` is one that libseccomp knows; the number is always our own. */
static int
allow(scmp_filter_ctx filter, uint32_t machine, const char *name,
    const struct scmp_arg_cmp *when)
{
	int result;

	if (seccomp_syscall_resolve_name_arch(machine, name) < 0)
		return 0;
	result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
	    seccomp_syscall_resolve_name(name), when != NULL, when);
	/* An alias of one that is there already. */
	return result == -EEXIST ? 0 : result;
}

static int
fill(scmp_filter_ctx filter, uint32_t machine)
{
	int result = 0;

	for (size_t i = 0; i < PARTIAL_COUNT && result == 0; i++)
		result =
		    allow(filter, machine, partial[i].name, &partial[i].when);
	for (size_t i = 0; i < GROUP_COUNT; i++)
		for (size_t j = 0; j < NAME_COUNT; j++) {
			if (result != 0 || groups[i].names[j] == NULL)
				break;
			result =
			    allow(filter, machine, groups[i].names[j], NULL);
		}
	return result;
}

/* Returns 0, or what libseccomp does: an error number below 0. */
static int
make(uint32_t machine, uint32_t otherwise, scmp_filter_ctx *out)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int result = filter == NULL ? -ENOMEM : 0;

	if (result == 0 && machine != seccomp_arch_native()) {
		result = seccomp_arch_add(filter, machine);
		if (result == 0)
			result =
			    seccomp_arch_remove(filter, seccomp_arch_native());
	}
	/* A tree of comparisons, and the kernel's own error numbers. */
	if (result == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (result == 0)
		result = fill(filter, machine);
	*out = filter;
	return result;
}

bool
syscalls_available(void)
{
	/* A kernel that does looks for the filter, and there is none. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 &&
	    errno == EFAULT;
}

static int
fail(int result)
{
	errno = result < 0 ? -result : EINVAL;
	return -1;
}

int
syscalls_enter(bool only_log)
{
	const struct sigaction refused = { .sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO };
	scmp_filter_ctx filter;
	int result = make(seccomp_arch_native(),
	    only_log ? SCMP_ACT_LOG : SCMP_ACT_TRAP, &filter);

	if (result == 0 && sigaction(SIGSYS, &refused, NULL) == -1)
		result = -errno;
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result == 0 ? 0 : fail(result);
}

int
syscalls_export(const char *machine, int fd)
{
	scmp_filter_ctx filter;
	int result =
	    make(seccomp_arch_resolve_name(machine), SCMP_ACT_TRAP, &filter);

	if (result == 0)
		result = seccomp_export_bpf(filter, fd);
	seccomp_release(filter);
	return result == 0 ? 0 : fail(result);
}
