/*
 * OpenBSD and FreeBSD: the functions that are the same for both.
 */
#include "sys/system.h"

#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* With SO_REUSEPORT one socket gets all connections. */
bool
system_spreads_connections(void)
{
	return false;
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

unsigned
system_cpus(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (unsigned)online : 1;
}

int
system_drop_bounding(void)
{
	return 0;
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

bool
system_program_is_replaced(char path[PATH_MAX])
{
	(void)path;
	return false;
}

char **
system_make_title(char **argv)
{
	return argv;
}

void
system_set_title(const char *role)
{
	setproctitle("%s", role);
}

void
system_trim(void)
{
}

void
system_keep_memory(void)
{
}

void
system_kill_child(pid_t child, int handle)
{
	(void)handle;
	/* FreeBSD's capability mode refuses this. */
	(void)kill(child, SIGKILL);
}

void
system_refuse_new(int fd)
{
	(void)fd;
}

bool
system_has_deferred(const uint16_t *ports, size_t count)
{
	(void)ports;
	(void)count;
	return false;
}
