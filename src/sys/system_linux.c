/*
 * Linux: confines a process with Landlock and system call filters, if the
 * kernel has them.
 */
#include "sys/system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/landlock.h"
#include "sys/process.h"
#include "sys/syscalls.h"

/* The limit of descriptors to close one by one without close_range(2). */
#define CLOSE_MAX 65536

struct system_walls
system_walls(void)
{
	struct system_walls walls = { .calls = "none", .only_log = "none" };
	int version = landlock_version();

	if (syscalls_available()) {
		walls.calls = "seccomp";
		walls.only_log = "log";
	}
	if (version > 0)
		snprintf(
		    walls.files, sizeof walls.files, "landlock-%d", version);
	return walls;
}

int
system_drop_bounding(void)
{
	/* The number of capabilities depends on the kernel. */
	for (int capability = 0;
	     prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != -1; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == -1 &&
		    errno != EPERM)
			return -1;
	return 0;
}

void
system_hide_memory(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * A service manager gives an ordinary user capabilities as ambient ones. The
 * master binds ports with them; its children need none.
 */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	const struct __user_cap_data_struct none[2] = { { 0 } };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 &&
	    errno != EINVAL)
		return -1;
	return (int)syscall(SYS_capset, &header, none);
}

int
system_enter(enum jail_mode mode, const struct jail_access *access)
{
	const struct jail_roots *roots = access->roots;
	const struct landlock_files files = {
		.roots = roots != NULL ? roots->all : NULL,
		.root_count = roots != NULL ? roots->count : 0,
		.state = access->state,
		.network = access->role == JAIL_CONNECTOR,
		.writes = access->role == JAIL_INDEXER,
		.writable = access->writable,
		.writable_count = access->writable_count,
	};

	system_hide_memory();
	if (drop_capabilities() == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	if (mode == JAIL_OFF)
		return 0;
	if (mode == JAIL_ON && landlock_version() > 0 &&
	    landlock_enter(&files) == -1)
		return -1;
	return syscalls_available() ? syscalls_enter(access, mode == JAIL_LOG)
				    : 0;
}

bool
system_spreads_connections(void)
{
	return true;
}

bool
system_is_at_end(int fd)
{
	const int on = 1;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct msghdr header = { .msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };

	/* Each message then comes with its sender, but not the end. */
	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
	    recvmsg(fd, &header, MSG_PEEK | MSG_DONTWAIT) == 0 &&
	    header.msg_controllen == 0;
}

size_t
system_unsent(int fd)
{
	int waiting = 0;

	return ioctl(fd, TIOCOUTQ, &waiting) == -1 ? 0 : (size_t)waiting;
}

void
system_refuse_new(int fd)
{
	/* No connection begins on an interface that does not exist. */
	const int none = INT_MAX;

	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &none, sizeof none);
}

/*
 * Whether a line of /proc/net/tcp, "SLOT: HEX:PORT HEX:PORT STATE ...", is a
 * connection in SYN_RECV to one of the ports.
 */
static bool
is_deferred(const char *line, const uint16_t *ports, size_t count)
{
	unsigned long numbers[3] = { 0 };
	char *end = NULL;

	for (size_t i = 0; i < 3; i++) {
		line = strchr(line, ':');
		if (line == NULL)
			return false;
		numbers[i] = strtoul(++line, &end, 16);
	}
	if (strtoul(end, NULL, 16) != TCP_SYN_RECV)
		return false;
	for (size_t i = 0; i < count; i++)
		if (ports[i] == numbers[1])
			return true;
	return false;
}

bool
system_has_deferred(const uint16_t *ports, size_t count)
{
	static const char *const lists[] = { "/proc/self/net/tcp",
		"/proc/self/net/tcp6" };
	char line[256];
	bool found = false;

	for (size_t i = 0; i < sizeof lists / sizeof *lists && !found; i++) {
		FILE *list = fopen(lists[i], "re");

		while (list != NULL && !found &&
		    fgets(line, sizeof line, list) != NULL)
			found = is_deferred(line, ports, count);
		if (list != NULL)
			fclose(list);
	}
	return found;
}

ssize_t
system_send_file(int socket, int fd, size_t most)
{
	return sendfile(socket, fd, NULL, most);
}

unsigned
system_cpus(void)
{
	cpu_set_t usable;
	long online;

	if (sched_getaffinity(0, sizeof usable, &usable) == 0)
		return (unsigned)CPU_COUNT(&usable);
	/* The machine has more CPUs than fit into this set. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

int
system_sealable_file(void)
{
	return memfd_create("capsuled", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int
system_seal(int fd)
{
	if (lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	return fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

void
system_close_from(int first)
{
	long limit = sysconf(_SC_OPEN_MAX);

	if (close_range((unsigned)first, ~0u, 0) == 0)
		return;
	/* Linux before 5.9, or a sandbox that refuses close_range(2). */
	if (limit == -1 || limit > CLOSE_MAX)
		limit = CLOSE_MAX;
	for (int fd = first; fd < limit; fd++)
		close(fd);
}

/* On s390x the stack comes before the flags. */
#ifdef __s390x__
#define CLONE(flags, handle) syscall(SYS_clone, 0, flags, handle, 0, 0)
#else
#define CLONE(flags, handle) syscall(SYS_clone, flags, 0, handle, 0, 0)
#endif

pid_t
system_fork(int *handle)
{
	/* Linux before 5.2 ignores the flag. */
	*handle = -1;
	return (pid_t)CLONE(CLONE_PIDFD | SIGCHLD, handle);
}

void
system_kill_child(pid_t child, int handle)
{
	(void)child;
	(void)syscall(SYS_pidfd_send_signal, handle, SIGKILL, NULL, 0);
}

int
system_sync(int fd)
{
	return syncfs(fd);
}

/* The link refers to the executed file, even if its path was replaced. */
#define PROGRAM "/proc/self/exe"

int
system_execute_itself(char **arguments)
{
	return execve(PROGRAM, arguments, environ);
}

bool
system_executes_itself(void)
{
	return access(PROGRAM, X_OK) == 0;
}

/* The kernel's mark behind the path of a file that has no name any more. */
#define DELETED " (deleted)"

bool
system_program_is_replaced(char path[PATH_MAX])
{
	ssize_t len = readlink(PROGRAM, path, PATH_MAX - 1);
	const size_t mark = sizeof DELETED - 1;
	struct stat ours, there;

	if (len <= (ssize_t)mark ||
	    memcmp(path + len - mark, DELETED, mark) != 0)
		return false;
	/* A name may end like the mark. */
	path[len] = '\0';
	if (stat(PROGRAM, &ours) == -1 ||
	    (stat(path, &there) == 0 && there.st_ino == ours.st_ino &&
		there.st_dev == ours.st_dev))
		return false;
	path[(size_t)len - mark] = '\0';
	/* In a folder such as /tmp, another user could have made the file. */
	return stat(path, &there) == 0 &&
	    (there.st_uid == 0 || there.st_uid == ours.st_uid) &&
	    (there.st_mode & S_IWOTH) == 0 && access(path, X_OK) == 0;
}

static struct {
	char *at; /* NULL: none */
	size_t size;
	char **arguments, **variables; /* copies, in use until the end */
} title;

/* The end of the strings that follow each other in memory from `end` on. */
static char *
end_of(char **strings, char *end)
{
	while (*strings == end) {
		end += strlen(*strings) + 1;
		strings++;
	}
	return end;
}

/*
 * The kernel shows the memory of the arguments and, if a string goes on beyond
 * its end, of the environment, which follows it.
 */
char **
system_make_title(char **argv)
{
	static char name[] = "capsuled";

	if (argv[0] == NULL)
		return argv;
	title.arguments = process_copy_strings(argv);
	title.variables = process_copy_strings(environ);
	if (title.arguments == NULL || title.variables == NULL)
		return argv;
	title.at = argv[0];
	title.size = (size_t)(end_of(environ, end_of(argv, argv[0])) - argv[0]);
	environ = title.variables;
	/* The C library prints it, and it points to the first argument. */
	program_invocation_name = program_invocation_short_name = name;
	return title.arguments;
}

void
system_set_title(const char *role)
{
	char name[64];
	int len = (int)strcspn(role, " ");

	snprintf(name, sizeof name, "capsuled-%.*s", len, role);
	(void)prctl(
	    PR_SET_NAME, strcmp(role, "master") == 0 ? "capsuled" : name);
	if (title.at == NULL)
		return;
	memset(title.at, 0, title.size);
	snprintf(title.at, title.size, "capsuled: %s", role);
}

void
system_trim(void)
{
	(void)malloc_trim(0);
}

void
system_keep_memory(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
}
