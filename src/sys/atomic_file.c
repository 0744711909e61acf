/*
 * Atomic file replacement: writes a temporary file in the same directory and
 * renames it when it is complete.
 */
#include "sys/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#define TRIES 1000

int
atomic_file_open(struct atomic_file *file, const char *path)
{
	/* Not from 0 each time: many files may be prepared for one folder. */
	static unsigned number;
	char above[PATH_MAX];
	const char *folder;

	if ((size_t)snprintf(above, sizeof above, "%s", path) >= sizeof above) {
		errno = ENAMETOOLONG;
		return -1;
	}
	folder = dirname(above);
	file->fd = -1;
	errno = EEXIST;
	/* A killed process with the same process ID may have left its file. */
	for (int i = 0; i < TRIES && file->fd == -1 && errno == EEXIST; i++) {
		if ((size_t)snprintf(file->name, sizeof file->name,
			"%s/.capsule-new-%ld-%u", folder, (long)getpid(),
			number++) >= sizeof file->name) {
			errno = ENAMETOOLONG;
			return -1;
		}
		file->fd = open(
		    file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	return file->fd == -1 ? -1 : 0;
}

int
atomic_file_keep(struct atomic_file *file, const char *path)
{
	int error = 0;

	if (fsync(file->fd) == -1)
		error = errno;
	if (close(file->fd) == -1 && error == 0)
		error = errno;
	if (error == 0 && rename(file->name, path) == 0)
		return 0;
	if (error == 0)
		error = errno;
	unlink(file->name);
	errno = error;
	return -1;
}

void
atomic_file_drop(struct atomic_file *file)
{
	int error = errno;

	close(file->fd);
	unlink(file->name);
	errno = error;
}
