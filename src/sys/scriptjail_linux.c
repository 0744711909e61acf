/*
 * Confines CGI scripts and their parent with capabilities, Landlock, limits and
 * a system call filter.
 */
#include "sys/scriptjail.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/landlock.h"
#include "sys/syscalls.h"
#include "sys/system.h"

#define CPU_S 60
#define FILE_MAX ((rlim_t)16 << 20)
#define FILES_MAX 256
/* Families of sockets that Linux may have. */
#define FAMILIES_MAX 64

#ifdef __s390x__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* Libraries, interpreters, and the files that most of them read at first. */
static const struct landlock_path usual[] = {
	{ "/bin", LANDLOCK_RUN },
	{ "/sbin", LANDLOCK_RUN },
	{ "/lib", LANDLOCK_RUN },
	{ "/lib32", LANDLOCK_RUN },
	{ "/lib64", LANDLOCK_RUN },
	{ "/libx32", LANDLOCK_RUN },
	{ "/usr", LANDLOCK_RUN },
	{ "/etc/alternatives", LANDLOCK_READ },
	{ "/etc/ld.so.cache", LANDLOCK_READ },
	{ "/etc/localtime", LANDLOCK_READ },
	{ "/etc/timezone", LANDLOCK_READ },
	{ "/etc/mime.types", LANDLOCK_READ },
	{ "/etc/perl", LANDLOCK_READ },
	{ "/etc/php", LANDLOCK_READ },
	{ "/etc/python3", LANDLOCK_READ },
	{ "/etc/python3.11", LANDLOCK_READ },
	{ "/etc/python3.12", LANDLOCK_READ },
	{ "/etc/python3.13", LANDLOCK_READ },
	{ "/etc/ssl/openssl.cnf", LANDLOCK_READ },
	{ "/dev/null", LANDLOCK_WRITE },
	{ "/dev/zero", LANDLOCK_READ },
	{ "/dev/random", LANDLOCK_READ },
	{ "/dev/urandom", LANDLOCK_READ },
	{ NULL, LANDLOCK_READ },
};

/* The files for name resolution and for certificates of servers. */
static const struct landlock_path of_network[] = {
	{ "/etc/gai.conf", LANDLOCK_READ },
	{ "/etc/host.conf", LANDLOCK_READ },
	{ "/etc/hosts", LANDLOCK_READ },
	{ "/etc/nsswitch.conf", LANDLOCK_READ },
	{ "/etc/protocols", LANDLOCK_READ },
	{ "/etc/resolv.conf", LANDLOCK_READ },
	{ "/etc/services", LANDLOCK_READ },
	{ "/etc/ssl/certs", LANDLOCK_READ },
	{ NULL, LANDLOCK_READ },
};

bool
scriptjail_is_supported(void)
{
	/* Without a filter, a process could leave its group and survive. */
	return syscalls_available();
}

static size_t
count_of(const char *const *paths)
{
	size_t count = 0;

	while (paths != NULL && paths[count] != NULL)
		count++;
	return count;
}

/* The paths of one program, to be freed; NULL without memory. */
static struct landlock_path *
paths_of(const struct scriptjail_access *access)
{
	size_t reads = count_of(access->reads);
	size_t writes = count_of(access->writes), n = 0;
	struct landlock_path *paths = calloc(reads + writes + 2, sizeof *paths);

	if (paths == NULL)
		return NULL;
	if (access->directory != NULL)
		paths[n++] =
		    (struct landlock_path){ access->directory, LANDLOCK_RUN };
	for (size_t i = 0; i < reads; i++)
		paths[n++] =
		    (struct landlock_path){ access->reads[i], LANDLOCK_READ };
	for (size_t i = 0; i < writes; i++)
		paths[n++] =
		    (struct landlock_path){ access->writes[i], LANDLOCK_WRITE };
	return paths;
}

/* Allows the paths of all programs, and the two tables above. */
static int
hide_files(const struct scriptjail_access *all, size_t count)
{
	struct landlock_paths *arrays = calloc(count + 2, sizeof *arrays);
	size_t n = 0;
	int result = -1;

	if (arrays == NULL)
		return -1;
	arrays[n++].all = usual;
	for (size_t i = 0; i < count; i++) {
		arrays[n].network = all[i].network;
		arrays[n].all = paths_of(&all[i]);
		if (arrays[n++].all == NULL)
			goto done;
		if (all[i].network)
			arrays[count + 1].all = of_network;
	}
	if (arrays[count + 1].all != NULL)
		n++;
	result = landlock_enter_paths(arrays, n);
done:
	for (size_t i = 1; i <= count; i++)
		free((void *)(uintptr_t)arrays[i].all);
	free(arrays);
	return result;
}

/* Without Landlock there is no such restriction: see jail_warn. */
static int
restrict_files(
    enum jail_mode mode, const struct scriptjail_access *all, size_t count)
{
	return mode != JAIL_ON || landlock_version() == 0
	    ? 0
	    : hide_files(all, count);
}

/* Keeps the capabilities of the mask, for this process alone. */
static int
keep_capabilities(uint32_t mask)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	const struct __user_cap_data_struct kept[2] = { { .effective = mask,
	    .permitted = mask } };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 &&
	    errno != EINVAL)
		return -1;
	return (int)syscall(SYS_capset, &header, kept);
}

#define NEVER(name) \
	{ \
		name, EPERM, SYSCALLS_ALWAYS, 0, 0 \
	}
/* Another value than 0 may stand for another process. */
#define ITSELF(name, argument) \
	{ \
		name, EPERM, SYSCALLS_DIFFERS, argument, 0 \
	}
#define NAMESPACE(flag) \
	{ \
		"clone", EPERM, SYSCALLS_HAS, CLONE_FLAGS, flag \
	}

/*
 * System calls that neither scripts nor the runner need, and in which the
 * kernel has had faults.
 */
static const struct syscalls_refusal dangerous[] = {
	/* The flags are in memory, out of reach; libc then calls clone. */
	{ "clone3", ENOSYS, SYSCALLS_ALWAYS, 0, 0 },
	NAMESPACE(CLONE_NEWNS),
	NAMESPACE(CLONE_NEWCGROUP),
	NAMESPACE(CLONE_NEWUTS),
	NAMESPACE(CLONE_NEWIPC),
	NAMESPACE(CLONE_NEWUSER),
	NAMESPACE(CLONE_NEWPID),
	NAMESPACE(CLONE_NEWNET),
	NEVER("unshare"),
	NEVER("setns"),
	NEVER("ptrace"),
	NEVER("process_vm_readv"),
	NEVER("process_vm_writev"),
	NEVER("process_madvise"),
	NEVER("kcmp"),
	NEVER("pidfd_getfd"),
	NEVER("io_uring_setup"),
	NEVER("io_uring_enter"),
	NEVER("io_uring_register"),
	NEVER("bpf"),
	NEVER("perf_event_open"),
	NEVER("keyctl"),
	NEVER("add_key"),
	NEVER("request_key"),
	NEVER("userfaultfd"),
	/* Their objects would stay in memory after the end of the script. */
	NEVER("shmget"),
	NEVER("semget"),
	NEVER("msgget"),
	NEVER("mq_open"),
	NEVER("mount"),
	NEVER("umount"),
	NEVER("umount2"),
	NEVER("pivot_root"),
	NEVER("chroot"),
	NEVER("fsopen"),
	NEVER("fsconfig"),
	NEVER("fsmount"),
	NEVER("fspick"),
	NEVER("move_mount"),
	NEVER("open_tree"),
	NEVER("mount_setattr"),
	NEVER("open_by_handle_at"),
	NEVER("name_to_handle_at"),
	NEVER("fanotify_init"),
	NEVER("quotactl"),
	NEVER("quotactl_fd"),
	NEVER("personality"),
	NEVER("modify_ldt"),
	NEVER("iopl"),
	NEVER("ioperm"),
	NEVER("syslog"),
	NEVER("vhangup"),
	NEVER("reboot"),
	NEVER("swapon"),
	NEVER("swapoff"),
	NEVER("acct"),
	NEVER("kexec_load"),
	NEVER("kexec_file_load"),
	NEVER("init_module"),
	NEVER("finit_module"),
	NEVER("delete_module"),
	NEVER("sethostname"),
	NEVER("setdomainname"),
	NEVER("settimeofday"),
	NEVER("clock_settime"),
	NEVER("clock_settime64"),
	NEVER("adjtimex"),
	NEVER("clock_adjtime"),
	NEVER("clock_adjtime64"),
	NEVER("setuid"),
	NEVER("setuid32"),
	NEVER("setgid"),
	NEVER("setgid32"),
	NEVER("setreuid"),
	NEVER("setreuid32"),
	NEVER("setregid"),
	NEVER("setregid32"),
	NEVER("setfsuid"),
	NEVER("setfsuid32"),
	NEVER("setfsgid"),
	NEVER("setfsgid32"),
	/* -1: all processes of the user. */
	{ "kill", EPERM, SYSCALLS_EQUALS, 0, UINT32_MAX },
	/* Those of the server have the runner's user. */
	ITSELF("prlimit64", 0),
	ITSELF("setpriority", 0), /* PRIO_PROCESS */
	ITSELF("setpriority", 1),
	ITSELF("sched_setscheduler", 0),
	ITSELF("sched_setparam", 0),
	ITSELF("sched_setattr", 0),
	ITSELF("sched_setaffinity", 0),
	ITSELF("ioprio_set", 1),
	{ "ioprio_set", EPERM, SYSCALLS_DIFFERS, 0, IOPRIO_WHO_PROCESS },
};

/* Calls that let a process leave its group, or end others. */
static const struct syscalls_refusal of_group[] = {
	NEVER("setsid"),
	NEVER("setpgid"),
	{ "kill", EPERM, SYSCALLS_EQUALS, 0, UINT32_MAX },
};

static const struct syscalls_refusal all_sockets = NEVER("socket");

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Forbids changes to a user other than that of the scripts. */
static int
refuse_users(const struct scriptjail *scripts, bool only_log)
{
	static const char *const of_users[] = { "setresuid", "setresuid32" };
	static const char *const of_groups[] = { "setresgid", "setresgid32" };
	struct syscalls_refusal rows[2 * 3 * 2 + 2];
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		for (unsigned argument = 0; argument < 3; argument++) {
			rows[n++] =
			    (struct syscalls_refusal){ of_users[i], EPERM,
				    SYSCALLS_DIFFERS, argument, scripts->user };
			rows[n++] = (struct syscalls_refusal){ of_groups[i],
				EPERM, SYSCALLS_DIFFERS, argument,
				scripts->group };
		}
	rows[n++] = (struct syscalls_refusal){ "setgroups", EPERM,
		SYSCALLS_DIFFERS, 0, 0 };
	rows[n++] = (struct syscalls_refusal){ "setgroups32", EPERM,
		SYSCALLS_DIFFERS, 0, 0 };
	return syscalls_refuse(rows, n, only_log);
}

/* Allows TCP, UDP, local sockets, and netlink, which libc uses. */
static int
refuse_families(bool only_log)
{
	struct syscalls_refusal rows[FAMILIES_MAX + 1];
	size_t n = 0;

	for (unsigned i = 0; i < FAMILIES_MAX; i++)
		if (i != AF_UNIX && i != AF_INET && i != AF_INET6 &&
		    i != AF_NETLINK)
			rows[n++] = (struct syscalls_refusal){ "socket",
				EAFNOSUPPORT, SYSCALLS_EQUALS, 0, i };
	rows[n++] = (struct syscalls_refusal){ "socket", EAFNOSUPPORT,
		SYSCALLS_EXCEEDS, 0, FAMILIES_MAX - 1 };
	return syscalls_refuse(rows, n, only_log);
}

static int
become_server(const struct jail *jail)
{
	const uint32_t mask = UINT32_C(1) << CAP_SETUID |
	    UINT32_C(1) << CAP_SETGID | UINT32_C(1) << CAP_KILL;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ||
	    system_drop_bounding() == -1 || setgroups(0, NULL) == -1 ||
	    setresgid(jail->group, jail->group, jail->group) == -1 ||
	    setresuid(jail->user, jail->user, jail->user) == -1)
		return -1;
	system_hide_memory();
	return keep_capabilities(mask);
}

int
scriptjail_enter_runner(const struct scriptjail *scripts,
    const struct jail *jail, const struct scriptjail_access *all, size_t count)
{
	bool only_log = scripts->mode == JAIL_LOG;

	/* First, as root, which can open the directories of all users. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    restrict_files(scripts->mode, all, count) == -1 ||
	    become_server(jail) == -1)
		return -1;
	if (scripts->mode == JAIL_OFF)
		return 0;
	return refuse_users(scripts, only_log) == -1
	    ? -1
	    : syscalls_refuse(dangerous, COUNT(dangerous), only_log);
}

static int
limit(int what, rlim_t most)
{
	return setrlimit(
	    (__rlimit_resource_t)what, &(struct rlimit){ most, most });
}

static int
set_limits(const struct scriptjail *scripts)
{
	return limit(RLIMIT_CPU, CPU_S) == -1 ||
		limit(RLIMIT_AS, scripts->memory) == -1 ||
		limit(RLIMIT_NPROC, scripts->processes) == -1 ||
		limit(RLIMIT_FSIZE, FILE_MAX) == -1 ||
		limit(RLIMIT_NOFILE, FILES_MAX) == -1 ||
		limit(RLIMIT_CORE, 0) == -1
	    ? -1
	    : 0;
}

static int
become_scripts(const struct scriptjail *scripts, pid_t parent)
{
	uid_t user = scripts->user;
	gid_t group = scripts->group;

	if (setgroups(0, NULL) == -1 || setresgid(group, group, group) == -1 ||
	    setresuid(user, user, user) == -1 || keep_capabilities(0) == -1 ||
	    /* A change of the user clears it. */
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return -1;
	if (getppid() == parent)
		return 0;
	errno = ESRCH;
	return -1;
}

int
scriptjail_enter(const struct scriptjail *scripts,
    const struct scriptjail_access *access, pid_t parent)
{
	bool only_log = scripts->mode == JAIL_LOG;

	if (set_limits(scripts) == -1 ||
	    become_scripts(scripts, parent) == -1 ||
	    restrict_files(scripts->mode, access, 1) == -1)
		return -1;
	/* Forbidden in each mode: the runner relies on the process group. */
	if (syscalls_refuse(of_group, COUNT(of_group), false) == -1)
		return -1;
	if (scripts->mode == JAIL_OFF)
		return 0;
	return access->network ? refuse_families(only_log)
			       : syscalls_refuse(&all_sockets, 1, only_log);
}
