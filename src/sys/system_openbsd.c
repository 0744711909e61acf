/*
 * OpenBSD: confines a process with unveil(2) for files and pledge(2) for system
 * calls.
 */
#include "sys/system.h"

#include <errno.h>
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
		[JAIL_WRITER] = "stdio rpath wpath cpath fattr flock recvfd",
		[JAIL_KEYS] = "stdio recvfd",
		[JAIL_CONNECTOR] = "stdio inet unix sendfd recvfd rpath",
		[JAIL_UNPACKER] = "stdio",
	};
	const struct jail_roots *roots = access->roots;

	system_hide_memory();
	if (mode != JAIL_ON)
		return 0;
	/* unveil(2) takes paths, but the directories are descriptors. */
	if (access->state != -1 &&
	    (fchdir(access->state) == -1 ||
		unveil(".", access->role == JAIL_INDEXER ? "rwc" : "r") == -1))
		return -1;
	for (size_t i = 0; roots != NULL && i < roots->count; i++)
		if (fchdir(roots->all[i]) == -1 || unveil(".", "r") == -1)
			return -1;
	for (size_t i = 0; i < access->writable_count; i++)
		if (fchdir(access->writable[i]) == -1 ||
		    unveil(".", "rwc") == -1)
			return -1;
	if (roots != NULL && unveil(NULL, NULL) == -1)
		return -1;
	return pledge(promises[access->role], NULL);
}

/* OpenBSD has no call for it, and pledge(2) kills a process that tries one. */
size_t
system_unsent(int fd)
{
	(void)fd;
	return 0;
}

/* Prevents core dumps; only a parent may trace a process here. */
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
