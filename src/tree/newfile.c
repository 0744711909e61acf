/* Files that appear in their folder when they are complete. */
#include "tree/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the system has no unnamed files, open fails on the directory. */
#ifndef O_TMPFILE
#define O_TMPFILE 0
#endif

#define TRIES 100
#define PROC_NAME_MAX 40

/* Makes a name of random digits; -1 with errno set. */
static int
make_name(char name[NEWFILE_NAME_MAX])
{
	unsigned long long number;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return -1;
	snprintf(name, NEWFILE_NAME_MAX, NEWFILE_PREFIX "%016llx", number);
	return 0;
}

static void
proc_name(int fd, char name[PROC_NAME_MAX])
{
	snprintf(name, PROC_NAME_MAX, "/proc/self/fd/%d", fd);
}

/* Opens a file without a name; -1 where it could not be named later. */
static int
open_unnamed(int folder)
{
	char name[PROC_NAME_MAX];
	int fd = openat(folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd == -1)
		return -1;
	proc_name(fd, name);
	if (faccessat(AT_FDCWD, name, F_OK, 0) == 0)
		return fd;
	close(fd);
	return -1;
}

int
newfile_open(struct newfile *file, int folder)
{
	file->folder = folder;
	file->name[0] = '\0';
	file->fd = open_unnamed(folder);
	for (int i = 0; i < TRIES && file->fd == -1; i++) {
		if (make_name(file->name) == -1)
			break;
		file->fd = openat(folder, file->name,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (file->fd == -1 && errno != EEXIST)
			break;
	}
	if (file->fd == -1)
		return -1;
	/* Without locks, newfile_is_left is false for all files. */
	(void)flock(file->fd, LOCK_EX | LOCK_NB);
	return 0;
}

/* Gives the file the name `name`, which must be free. */
static int
link_as(const struct newfile *file, const char *name)
{
	char proc[PROC_NAME_MAX];

	if (file->name[0] != '\0')
		return linkat(file->folder, file->name, file->folder, name, 0);
	proc_name(file->fd, proc);
	return linkat(AT_FDCWD, proc, file->folder, name, AT_SYMLINK_FOLLOW);
}

/* Names an unnamed file with a hidden name. */
static int
name_hidden(struct newfile *file)
{
	char name[NEWFILE_NAME_MAX];
	int result = -1;

	if (file->name[0] != '\0')
		return 0;
	errno = EEXIST;
	for (int i = 0; i < TRIES && result == -1 && errno == EEXIST; i++)
		if (make_name(name) == 0)
			result = link_as(file, name);
	if (result == 0)
		memcpy(file->name, name, sizeof name);
	return result;
}

static int
replace(struct newfile *file, const char *name)
{
	if (name_hidden(file) == -1 ||
	    renameat(file->folder, file->name, file->folder, name) == -1)
		return -1;
	file->name[0] = '\0';
	return 0;
}

/* Names the file without replacing another. */
static int
appear(struct newfile *file, const char *name)
{
	struct stat st;

	if (link_as(file, name) == 0)
		return 0;
	if (errno == EEXIST || file->name[0] == '\0')
		return -1;
	/* The file system has no links. */
	if (fstatat(file->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return replace(file, name);
}

int
newfile_keep(struct newfile *file, const char *name, bool replaces)
{
	int result = -1;

	/* Not by the umask, which may hide the file from readers. */
	if (fchmod(file->fd, 0644) == 0 && fsync(file->fd) == 0)
		result = replaces ? replace(file, name) : appear(file, name);
	newfile_drop(file);
	return result;
}

void
newfile_drop(struct newfile *file)
{
	int error = errno;

	if (file->fd != -1)
		close(file->fd);
	if (file->name[0] != '\0')
		(void)unlinkat(file->folder, file->name, 0);
	file->fd = -1;
	file->name[0] = '\0';
	errno = error;
}

int
newfile_folder(int above, char name[NEWFILE_NAME_MAX])
{
	int result = -1, fd;

	errno = EEXIST;
	for (int i = 0; i < TRIES && result == -1 && errno == EEXIST; i++)
		if (make_name(name) == 0)
			result = mkdirat(above, name, 0700);
	if (result == -1)
		return -1;
	fd = openat(
	    above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		int error = errno;

		(void)unlinkat(above, name, AT_REMOVEDIR);
		errno = error;
		return -1;
	}
	(void)flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

bool
newfile_is_left(int folder, const char *name)
{
	bool is_left;
	int fd;

	if (strncmp(name, NEWFILE_PREFIX, strlen(NEWFILE_PREFIX)) != 0)
		return false;
	fd = openat(
	    folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return false;
	is_left = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	return is_left;
}

int
newfile_sync(int folder)
{
	return fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP ? 0
									 : -1;
}
