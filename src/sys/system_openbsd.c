/*
 * OpenBSD: confines a process with unveil(2) for files and pledge(2) for system
 * calls.
 */
#include "sys/system.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct system_walls
system_walls(void)
{
	return (struct system_walls){
		.files = "unveil", .calls = "pledge", .only_log = "none"
	};
}

int
system_enter(enum jail_mode mode, const struct jail_access *access)
{
	static const char *const promises[] = {
		[JAIL_WORKER] = "stdio rpath inet sendfd recvfd",
		[JAIL_INDEXER] = "stdio rpath wpath cpath flock recvfd",
		[JAIL_ANSWERS] = "stdio rpath flock proc sendfd recvfd",
		[JAIL_KEYS] = "stdio recvfd",
		[JAIL_UNPACKER] = "stdio",
	};

	system_hide_memory();
	if (mode != JAIL_ON)
		return 0;
	/* unveil(2) takes paths, but the directories are descriptors. */
	if (access->state != -1 &&
	    (fchdir(access->state) == -1 ||
		unveil(".", access->role == JAIL_INDEXER ? "rwc" : "r") == -1))
		return -1;
	if (access->root != -1 &&
	    (fchdir(access->root) == -1 || unveil(".", "r") == -1))
		return -1;
	if (access->root != -1 && unveil(NULL, NULL) == -1)
		return -1;
	return pledge(promises[access->role], NULL);
}

/* With SO_REUSEPORT one socket gets all connections. */
bool
system_spreads_connections(void)
{
	return false;
}

/* OpenBSD has no call for it, and pledge(2) kills a process that tries one. */
size_t
system_unsent(int fd)
{
	(void)fd;
	return 0;
}

ssize_t
system_send_file(int socket, int fd, size_t most)
{
	(void)socket;
	(void)fd;
	(void)most;
	errno = ENOSYS;
	return -1;
}

bool
system_is_at_end(int fd)
{
	(void)fd;
	return false;
}

/* Here sync(2) does not wait. */
int
system_sync(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}

size_t
system_cpus(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (size_t)online : 1;
}

int
system_drop_bounding(void)
{
	return 0;
}

/*
 * Only a parent may trace a process, so only the core dump must be prevented.
 */
void
system_hide_memory(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
}

int
system_sealable_file(void)
{
	errno = ENOSYS;
	return -1;
}

int
system_seal(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}

void
system_close_from(int first)
{
	closefrom(first);
}

pid_t
system_fork(int *handle)
{
	*handle = -1;
	return fork();
}

void
system_kill_child(pid_t child, int handle)
{
	(void)handle;
	(void)kill(child, SIGKILL);
}

int
system_execute_itself(char **arguments)
{
	(void)arguments;
	errno = ENOSYS;
	return -1;
}

bool
system_executes_itself(void)
{
	return false;
}

void
system_set_name(const char *name)
{
	setproctitle("%s", name);
}

void
system_trim(void)
{
}

void
system_keep_memory(void)
{
}
