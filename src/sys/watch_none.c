/*
 * For systems without notifications about whole directories: the caller must
 * poll for changes.
 */
#include "sys/watch.h"

#include <errno.h>
#include <stddef.h>

struct watch *
watch_open(void)
{
	errno = ENOSYS;
	return NULL;
}

void
watch_close(struct watch *watch)
{
	(void)watch;
}

int
watch_fd(const struct watch *watch)
{
	(void)watch;
	return -1;
}

int
watch_add(struct watch *watch, size_t tree, const char *directory)
{
	(void)watch;
	(void)tree;
	(void)directory;
	errno = ENOSYS;
	return -1;
}

bool
watch_read(struct watch *watch, watch_changed *changed, void *context)
{
	(void)watch;
	(void)changed;
	(void)context;
	return false;
}
