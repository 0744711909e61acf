/*
 * OpenBSD: unveil for files, pledge for system calls.
 */
#include "sys/system.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct system_walls
system_walls(void)
{
	return (struct system_walls){
		.files = "unveil", .calls = "pledge", .only_log = "none"
	};
}

int
system_enter(enum jail_mode mode, enum jail_role role, int root)
{
	if (mode != JAIL_ON)
		return 0;
	/* It wants a path, and the root is known by its descriptor. */
	if (fchdir(root) == -1 || unveil(".", "r") == -1 ||
	    unveil(NULL, NULL) == -1)
		return -1;
	return pledge(role == JAIL_WORKER ? "stdio rpath inet recvfd"
					  : "stdio rpath sendfd recvfd",
	    NULL);
}

/* SO_REUSEPORT leaves all of them to one of the sockets. */
bool
system_spreads_connections(void)
{
	return false;
}

/* There is no call for it, and pledge ends who tries one. */
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

int
system_memory_file(int *reads)
{
	(void)reads;
	errno = ENOSYS;
	return -1;
}

size_t
system_cpus(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (size_t)online : 1;
}

void
system_close_from(int first)
{
	closefrom(first);
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
