/*
 * Lets SQLite open files in open directories: the path "/7/name" is the file
 * `name` in the directory of descriptor 7.
 */
#include "index/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/readable.h"
#include "text/str.h"

#define FD_MOST 1000000

/* Splits a path into a descriptor, or -1, and a name, "." for the directory. */
static int
split(const char *path, const char **name)
{
	const char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;
	struct str number = { path + 1,
		slash != NULL ? (size_t)(slash - path - 1) : strlen(path) };
	unsigned long fd;

	if (path[0] == '/' && slash == NULL)
		number.len--;
	errno = ENOENT;
	if (path[0] != '/' || !str_number(number, FD_MOST, &fd))
		return -1;
	*name = slash != NULL && slash[1] != '\0' ? slash + 1 : ".";
	return strchr(*name, '/') == NULL ? (int)fd : -1;
}

static int
open_file(const char *path, int flags, int mode)
{
	const char *name;
	int directory = split(path, &name);

	return directory == -1
	    ? -1
	    : openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC,
		  (mode_t)mode);
}

static int
stat_file(const char *path, struct stat *st)
{
	const char *name;
	int directory = split(path, &name);

	return directory == -1
	    ? -1
	    : fstatat(directory, name, st, AT_SYMLINK_NOFOLLOW);
}

static int
access_file(const char *path, int mode)
{
	const char *name;
	int directory = split(path, &name);

	return directory == -1 ? -1 : readable_at(directory, name, mode);
}

static int
unlink_file(const char *path)
{
	const char *name;
	int directory = split(path, &name);

	return directory == -1 ? -1 : unlinkat(directory, name, 0);
}

static char *
get_directory(char *out, size_t size)
{
	snprintf(out, size, "/");
	return out;
}

/*
 * Turns a full quota or file size limit into ENOSPC, the only error of a write
 * that SQLite takes for a full disk.
 */
static void
say_full(ssize_t put)
{
	if (put == -1 && (errno == EDQUOT || errno == EFBIG))
		errno = ENOSPC;
}

static ssize_t
write_at(int fd, const void *at, size_t len, off_t offset)
{
	ssize_t put = pwrite(fd, at, len, offset);

	say_full(put);
	return put;
}

static ssize_t
write_on(int fd, const void *at, size_t len)
{
	ssize_t put = write(fd, at, len);

	say_full(put);
	return put;
}

int
vfs_prepare(void)
{
	static const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} calls[] = {
		{ "open", (sqlite3_syscall_ptr)open_file },
		{ "access", (sqlite3_syscall_ptr)access_file },
		{ "stat", (sqlite3_syscall_ptr)stat_file },
		{ "lstat", (sqlite3_syscall_ptr)stat_file },
		{ "unlink", (sqlite3_syscall_ptr)unlink_file },
		{ "getcwd", (sqlite3_syscall_ptr)get_directory },
		{ "write", (sqlite3_syscall_ptr)write_on },
		{ "pwrite", (sqlite3_syscall_ptr)write_at },
		{ "pwrite64", (sqlite3_syscall_ptr)write_at },
	};
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	if (vfs == NULL || vfs->iVersion < 3)
		return -1;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		/* Calls that this SQLite does not use are NULL. */
		if (vfs->xGetSystemCall(vfs, calls[i].name) != NULL &&
		    vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call) !=
			SQLITE_OK)
			return -1;
	return 0;
}

int
vfs_path(int directory, const char *name, char *out, size_t size)
{
	int len = snprintf(out, size, "/%d/%s", directory, name);

	if (len < 0 || (size_t)len >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}
