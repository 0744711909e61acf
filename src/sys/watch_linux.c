/*
 * Changes in directories, by inotify.  Knows which of them matter to who
 * reads; knows nothing of what was changed.
 */
#include "sys/watch.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES \
	(IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | \
	    IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR | IN_DONT_FOLLOW)

int
watch_open(void)
{
	return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

int
watch_add(int watch, const char *directory)
{
	if (inotify_add_watch(watch, directory, CHANGES) != -1)
		return 0;
	return errno == ENOSPC || errno == ENOMEM ? -1 : 0;
}

bool
watch_read(int watch)
{
	char news[16384];
	bool any = false;

	while (read(watch, news, sizeof news) > 0)
		any = true;
	return any;
}
