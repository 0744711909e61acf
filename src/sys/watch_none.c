/*
 * Systems that have no news of whole directories: whoever wants to know has
 * to look.
 */
#include "sys/watch.h"

#include <errno.h>

int
watch_open(void)
{
	errno = ENOSYS;
	return -1;
}

int
watch_add(int watch, const char *directory)
{
	(void)watch;
	(void)directory;
	errno = ENOSYS;
	return -1;
}

bool
watch_read(int watch)
{
	(void)watch;
	return false;
}
