/*
 * A database in a file that has no name.  Knows SQLite's idea of a file and
 * how little of it an index needs; knows nothing of what is in it.
 */
#include "tree/catalogfile.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "text/str.h"

/* Unix time in days, as SQLite counts them: 1970 is day 2440587.5. */
#define EPOCH_MS INT64_C(210866760000000)
#define FILE_NAME_MAX 32

struct file {
	sqlite3_file base;
	int fd;
};

static int
fd_of(sqlite3_file *file)
{
	return ((struct file *)file)->fd;
}

static int
file_close(sqlite3_file *file)
{
	(void)file;
	return SQLITE_OK;
}

static int
file_read(sqlite3_file *file, void *at, int len, sqlite3_int64 offset)
{
	char *to = at;

	while (len > 0) {
		ssize_t got = pread(fd_of(file), to, (size_t)len, offset);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return SQLITE_IOERR_READ;
		if (got == 0) {
			memset(to, 0, (size_t)len);
			return SQLITE_IOERR_SHORT_READ;
		}
		to += got;
		offset += got;
		len -= (int)got;
	}
	return SQLITE_OK;
}

static int
file_write(sqlite3_file *file, const void *at, int len, sqlite3_int64 offset)
{
	const char *from = at;

	while (len > 0) {
		ssize_t put = pwrite(fd_of(file), from, (size_t)len, offset);

		if (put == -1 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 || errno == ENOSPC || errno == EDQUOT ||
				errno == EFBIG
			    ? SQLITE_FULL
			    : SQLITE_IOERR_WRITE;
		from += put;
		offset += put;
		len -= (int)put;
	}
	return SQLITE_OK;
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return ftruncate(fd_of(file), size) == 0 ? SQLITE_OK
						 : SQLITE_IOERR_TRUNCATE;
}

/* An index that a crash of the system takes is made again. */
static int
file_sync(sqlite3_file *file, int flags)
{
	(void)file;
	(void)flags;
	return SQLITE_OK;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct stat st;

	if (fstat(fd_of(file), &st) == -1)
		return SQLITE_IOERR_FSTAT;
	*size = st.st_size;
	return SQLITE_OK;
}

/* Whoever writes is alone with the file, and whoever reads is never met. */
static int
file_lock(sqlite3_file *file, int level)
{
	(void)file;
	(void)level;
	return SQLITE_OK;
}

static int
file_is_reserved(sqlite3_file *file, int *answer)
{
	(void)file;
	*answer = 0;
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *file, int what, void *argument)
{
	(void)file;
	(void)what;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int
file_sector(sqlite3_file *file)
{
	(void)file;
	return 4096;
}

static int
file_traits(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_is_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
};

/* The name is the number of the descriptor. */
static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	unsigned long fd;

	(void)vfs;
	file->pMethods = NULL;
	if (!(flags & SQLITE_OPEN_MAIN_DB) ||
	    !str_number(str_of(name), INT32_MAX, &fd))
		return SQLITE_CANTOPEN;
	((struct file *)file)->fd = (int)fd;
	file->pMethods = &methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_OK;
}

/* No journal lies beside it. */
static int
is_there(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
	(void)vfs;
	(void)name;
	(void)flags;
	*answer = 0;
	return SQLITE_OK;
}

static int
full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)size, "%s", name);
	return SQLITE_OK;
}

static int
random_bytes(sqlite3_vfs *vfs, int len, char *out)
{
	ssize_t got = getrandom(out, (size_t)len, GRND_NONBLOCK);

	(void)vfs;
	return got > 0 ? (int)got : 0;
}

static int
sleep_for(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int
current_time(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
	(void)vfs;
	*ms = EPOCH_MS + (sqlite3_int64)time(NULL) * 1000;
	return SQLITE_OK;
}

static sqlite3_vfs vfs = {
	.iVersion = 2,
	.szOsFile = sizeof(struct file),
	.mxPathname = FILE_NAME_MAX,
	.zName = "descriptor",
	.xOpen = open_file,
	.xDelete = delete_file,
	.xAccess = is_there,
	.xFullPathname = full_name,
	.xRandomness = random_bytes,
	.xSleep = sleep_for,
	.xCurrentTimeInt64 = current_time,
};

const char *
catalogfile_vfs(void)
{
	/* The default, so that not even a temporary file is the system's. */
	return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? vfs.zName : NULL;
}
