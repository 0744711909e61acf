/*
 * Checks access to files, also in a sandbox that refuses faccessat2(2).
 */
#include "sys/readable.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_faccessat2

/* Falls back after EPERM; libc does so only after ENOSYS. */
int
readable_at(int directory, const char *name, int mode)
{
	int result = faccessat(directory, name, mode, AT_EACCESS);

	if (result == -1 && errno == EPERM)
		result = (int)syscall(SYS_faccessat, directory, name, mode);
	return result;
}

#else

int
readable_at(int directory, const char *name, int mode)
{
	return faccessat(directory, name, mode, AT_EACCESS);
}

#endif
