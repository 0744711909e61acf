/* OpenBSD and FreeBSD: no CGI scripts. */
#include "sys/scriptjail.h"

#include <errno.h>

bool
scriptjail_is_supported(void)
{
	return false;
}

int
scriptjail_enter_runner(const struct scriptjail *scripts,
    const struct jail *jail, const struct scriptjail_access *all, size_t count)
{
	(void)scripts;
	(void)jail;
	(void)all;
	(void)count;
	errno = ENOSYS;
	return -1;
}

int
scriptjail_enter(const struct scriptjail *scripts,
    const struct scriptjail_access *access, pid_t parent)
{
	(void)scripts;
	(void)access;
	(void)parent;
	errno = ENOSYS;
	return -1;
}
