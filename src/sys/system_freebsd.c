/*
 * FreeBSD: confines a process to its descriptors with Capsicum.
 */
#include "sys/system.h"

#include <sys/types.h>

#include <fcntl.h>
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
	const struct jail_roots *roots = access->roots;
	cap_rights_t rights;

	system_hide_memory();
	if (procctl(P_PID, (id_t)getpid(), PROC_NO_NEW_PRIVS_CTL,
		&no_new_privileges) == -1)
		return -1;
	if (mode != JAIL_ON)
		return 0;
	/* Descriptors that are opened beneath a root inherit these rights. */
	cap_rights_init(&rights, CAP_LOOKUP, CAP_READ, CAP_SEEK, CAP_FSTAT,
	    CAP_FCNTL, CAP_FCHDIR);
	/* The rights of a writer are those of the whole tree. */
	if (access->role == JAIL_WRITER)
		cap_rights_set(&rights, CAP_WRITE, CAP_CREATE, CAP_FSYNC,
		    CAP_FCHMOD, CAP_FLOCK, CAP_MKDIRAT, CAP_UNLINKAT,
		    CAP_LINKAT_SOURCE, CAP_LINKAT_TARGET, CAP_RENAMEAT_SOURCE,
		    CAP_RENAMEAT_TARGET);
	for (size_t i = 0; roots != NULL && i < roots->count; i++)
		if (cap_rights_limit(roots->all[i], &rights) == -1)
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

size_t
system_unsent(int fd)
{
	int waiting = 0;

	return ioctl(fd, FIONWRITE, &waiting) == -1 ? 0 : (size_t)waiting;
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
