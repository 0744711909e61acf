/*
 * FreeBSD: confines a process to its descriptors with Capsicum.
 */
#include "sys/system.h"

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/capsicum.h>
#include <sys/filio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/procctl.h>
#include <unistd.h>

struct system_walls
system_walls(void)
{
	return (struct system_walls){
		.files = "capsicum", .calls = "capsicum", .only_log = "none"
	};
}

int
system_enter(enum jail_mode mode, const struct jail_access *access)
{
	int no_new_privileges = PROC_NO_NEW_PRIVS_ENABLE;
	cap_rights_t rights;

	system_hide_memory();
	if (procctl(P_PID, (id_t)getpid(), PROC_NO_NEW_PRIVS_CTL,
		&no_new_privileges) == -1)
		return -1;
	if (mode != JAIL_ON)
		return 0;
	/*
	 * Descriptors that are opened beneath the directory inherit these
	 * rights.
	 */
	cap_rights_init(&rights, CAP_LOOKUP, CAP_READ, CAP_SEEK, CAP_FSTAT,
	    CAP_FCNTL, CAP_FCHDIR);
	if (access->root != -1 && cap_rights_limit(access->root, &rights) == -1)
		return -1;
	cap_rights_init(&rights, CAP_LOOKUP, CAP_READ, CAP_SEEK, CAP_FSTAT,
	    CAP_FCNTL, CAP_FLOCK, CAP_MMAP_R);
	if (access->role == JAIL_INDEXER)
		cap_rights_set(&rights, CAP_WRITE, CAP_CREATE, CAP_FTRUNCATE,
		    CAP_FSYNC, CAP_UNLINKAT, CAP_RENAMEAT_SOURCE,
		    CAP_RENAMEAT_TARGET, CAP_MMAP_W);
	if (access->state != -1 &&
	    cap_rights_limit(access->state, &rights) == -1)
		return -1;
	return cap_enter();
}

/* With SO_REUSEPORT one socket gets all connections. */
bool
system_spreads_connections(void)
{
	return false;
}

size_t
system_unsent(int fd)
{
	int waiting = 0;

	return ioctl(fd, FIONWRITE, &waiting) == -1 ? 0 : (size_t)waiting;
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

void
system_hide_memory(void)
{
	int no = PROC_TRACE_CTL_DISABLE;

	(void)procctl(P_PID, (id_t)getpid(), PROC_TRACE_CTL, &no);
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
	/* In capability mode a process may signal itself only. */
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
