/*
 * Files that appear whole or not at all.  Knows where they are until then;
 * knows nothing of what is in them.
 */
#include "tool/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#define TRIES 1000

int
aside_open(struct aside *aside, const char *path)
{
	char above[PATH_MAX];
	const char *folder;

	if ((size_t)snprintf(above, sizeof above, "%s", path) >= sizeof above) {
		errno = ENAMETOOLONG;
		return -1;
	}
	folder = dirname(above);
	aside->fd = -1;
	errno = EEXIST;
	/* One that was killed left its own, and may have been our number. */
	for (int i = 0; i < TRIES && aside->fd == -1 && errno == EEXIST; i++) {
		if ((size_t)snprintf(aside->name, sizeof aside->name,
			"%s/.capsule-new-%ld-%d", folder, (long)getpid(),
			i) >= sizeof aside->name) {
			errno = ENAMETOOLONG;
			return -1;
		}
		aside->fd = open(
		    aside->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	return aside->fd == -1 ? -1 : 0;
}

int
aside_keep(struct aside *aside, const char *path)
{
	int error = 0;

	if (fsync(aside->fd) == -1)
		error = errno;
	if (close(aside->fd) == -1 && error == 0)
		error = errno;
	if (error == 0 && rename(aside->name, path) == 0)
		return 0;
	if (error == 0)
		error = errno;
	unlink(aside->name);
	errno = error;
	return -1;
}

void
aside_drop(struct aside *aside)
{
	int error = errno;

	close(aside->fd);
	unlink(aside->name);
	errno = error;
}
