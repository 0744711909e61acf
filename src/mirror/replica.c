/*
 * The local folder of a mirror.  Files get into it whole, and no path leads out
 * of it.
 */
#include "mirror/replica.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mirror/dir.h"
#include "sys/process.h"
#include "sys/sink.h"
#include "sys/system.h"

#define WORK ".mirror"
/* O_NONBLOCK, in case a FIFO has the file's name. */
#define READ (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define SPARE_PART UINT_MAX /* the number of no job */
/* The largest file that is read into memory. */
#define TEXT_MAX ((off_t)256 << 20)

/* Opening. */

static void
part_name(unsigned number, char name[32])
{
	snprintf(name, 32, "part-%u", number);
}

/* Removes incomplete files of a run that was killed. */
static void
clear_parts(int work)
{
	int fd = dir_enter(work, ".", false);
	DIR *entries = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (entries == NULL) {
		process_close(fd);
		return;
	}
	while ((entry = readdir(entries)) != NULL)
		if (strncmp(entry->d_name, "part-", 5) == 0)
			(void)unlinkat(work, entry->d_name, 0);
	closedir(entries);
}

int
replica_open(struct replica *replica, const char *path)
{
	*replica = (struct replica){
		.root = -1, .work = -1, .lock = -1, .path = path
	};
	if (mkdir(path, 0777) == -1 && errno != EEXIST)
		return -1;
	/* Follow symbolic links here: the user named this path. */
	replica->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (replica->root != -1)
		replica->work = dir_enter(replica->root, WORK, true);
	if (replica->work != -1)
		replica->lock = openat(replica->work, "lock",
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (replica->lock == -1 ||
	    flock(replica->lock, LOCK_EX | LOCK_NB) == -1) {
		replica_close(replica);
		return -1;
	}
	clear_parts(replica->work);
	return 0;
}

void
replica_close(struct replica *replica)
{
	process_close(replica->lock);
	process_close(replica->work);
	process_close(replica->root);
	replica->root = replica->work = replica->lock = -1;
}

/* Files. */

int
replica_part(struct replica *replica, unsigned number)
{
	char name[32];

	part_name(number, name);
	if (unlinkat(replica->work, name, 0) == -1 && errno != ENOENT)
		return -1;
	return openat(replica->work, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

void
replica_drop(struct replica *replica, unsigned number)
{
	char name[32];
	int error = errno;

	part_name(number, name);
	(void)unlinkat(replica->work, name, 0);
	errno = error;
}

static void
times_of(int64_t time, struct timespec out[2])
{
	out[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	out[1] = (struct timespec){ .tv_sec = (time_t)time };
}

int
replica_place(struct replica *replica, unsigned number, int fd,
    const struct manifest_file *file)
{
	char part[32], name[NAME_MAX + 1];
	struct timespec times[2];
	int dir, result;

	assert(manifest_lists(file->path));
	times_of(file->time, times);
	part_name(number, part);
	/* Sync before renaming: a crash leaves the old file or the new one. */
	if (futimens(fd, times) == -1 ||
	    (!replica->is_synced && fsync(fd) == -1))
		return -1;
	dir = dir_parent(replica->root, file->path, true, name);
	if (dir == -1)
		return -1;
	result = renameat(replica->work, part, dir, name);
	process_close(dir);
	return result;
}

void
replica_sync(struct replica *replica)
{
	replica->is_synced = system_sync(replica->work) == 0;
}

void
replica_unsync(struct replica *replica)
{
	replica->is_synced = false;
}

int
replica_reopen(struct replica *replica, unsigned number)
{
	char name[32];

	part_name(number, name);
	return openat(replica->work, name, READ);
}

int
replica_nest(struct replica *replica, struct str path, const char *name)
{
	char part[32], folder[NAME_MAX + 1];
	int above, dir = -1, moved, result = -1, error;

	assert(manifest_lists(path));
	part_name(SPARE_PART, part);
	above = dir_parent(replica->root, path, false, folder);
	if (above == -1)
		return -1;
	moved = renameat(above, folder, replica->work, part);
	if (moved == 0)
		dir = dir_enter(above, folder, true);
	if (dir != -1)
		result = renameat(replica->work, part, dir, name);
	error = errno;
	/* The next run would remove the file as an incomplete one. */
	if (moved == 0 && result == -1) {
		(void)unlinkat(above, folder, AT_REMOVEDIR);
		(void)renameat(replica->work, part, above, folder);
	}
	process_close(dir);
	process_close(above);
	errno = error;
	return result;
}

/* Returns 1 if the content is that of `file`, 0 if not, -1 with errno. */
static int
same_content(int dir, const char *name, const struct manifest_file *file)
{
	unsigned char hash[SHA256_SIZE];
	uint64_t size;
	int fd = openat(dir, name, READ);
	int result;

	if (fd == -1)
		return -1;
	result = sha256_file(fd, hash, &size, NULL);
	process_close(fd);
	if (result == -1)
		return -1;
	return size == file->size && memcmp(hash, file->hash, sizeof hash) == 0;
}

static int
has(int dir, const char *name, const struct manifest_file *file, bool trusted)
{
	struct timespec times[2];
	struct stat st;
	int same;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != file->size)
		return 0;
	if (trusted && st.st_mtime == file->time)
		return 1;
	same = same_content(dir, name, file);
	if (same != 1 || st.st_mtime == file->time)
		return same;
	times_of(file->time, times);
	return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == -1 ? -1 : 1;
}

int
replica_has(
    struct replica *replica, const struct manifest_file *file, bool trusted)
{
	char name[NAME_MAX + 1];
	int dir, result;

	assert(manifest_lists(file->path));
	dir = dir_parent(replica->root, file->path, false, name);
	if (dir == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	result = has(dir, name, file, trusted);
	process_close(dir);
	return result;
}

/* Returns 1, 0 when nothing has that name, or -1 with errno set. */
static int
stat_path(struct replica *replica, struct str path, struct stat *st)
{
	char name[NAME_MAX + 1];
	int dir, result;

	assert(manifest_lists(path));
	dir = dir_parent(replica->root, path, false, name);
	if (dir == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	result = fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
	process_close(dir);
	if (result == -1)
		return errno == ENOENT ? 0 : -1;
	return 1;
}

int
replica_holds(struct replica *replica, struct str path)
{
	struct stat st;
	int found = stat_path(replica, path, &st);

	return found == 1 ? !S_ISDIR(st.st_mode) : found;
}

int64_t
replica_time(struct replica *replica, struct str path)
{
	struct stat st;

	return stat_path(replica, path, &st) == 1 ? st.st_mtime : 0;
}

int
replica_remove(struct replica *replica, struct str path)
{
	assert(manifest_lists(path));
	if (dir_unlink(replica->root, path, 0) == -1 && errno != ENOENT)
		/* A folder has replaced the file, or a file its folder. */
		return errno == EISDIR || errno == EPERM || errno == ENOTDIR
		    ? 0
		    : -1;
	dir_prune(replica->root, path);
	return 0;
}

/* Small texts. */

int
replica_load(int fd, struct replica_text *out)
{
	struct stat st;
	ssize_t got = 0;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size > TEXT_MAX) {
		errno = EFBIG;
		return -1;
	}
	*out = (struct replica_text){ .at = malloc((size_t)st.st_size + 1) };
	if (out->at == NULL)
		return -1;
	while (out->len < (size_t)st.st_size &&
	    (got = pread(fd, out->at + out->len, (size_t)st.st_size - out->len,
		 (off_t)out->len)) > 0)
		out->len += (size_t)got;
	if (got == -1) {
		free(out->at);
		return -1;
	}
	out->at[out->len] = '\0';
	return 0;
}

static int
folder_of(const struct replica *replica, enum replica_folder folder)
{
	return folder == REPLICA_OWN ? replica->work : replica->root;
}

static int
open_file(const struct replica *replica, struct str path)
{
	char name[NAME_MAX + 1];
	int dir = dir_parent(replica->root, path, false, name);
	int fd = dir != -1 ? openat(dir, name, READ) : -1;

	process_close(dir);
	return fd;
}

int
replica_read(struct replica *replica, enum replica_folder folder,
    const char *name, struct replica_text *out)
{
	int fd = folder == REPLICA_OWN ? openat(replica->work, name, READ)
				       : open_file(replica, str_of(name));
	int result;

	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
		    ? 0
		    : -1;
	result = replica_load(fd, out);
	process_close(fd);
	return result == -1 ? -1 : 1;
}

static int
write_all(int fd, struct str text)
{
	struct sink_file file = { { sink_file_write }, fd };

	return sink_file_write(&file.sink, text) == -1 ? -1 : fsync(fd);
}

int
replica_write(struct replica *replica, enum replica_folder folder,
    const char *name, struct str text)
{
	const unsigned number = SPARE_PART;
	char part[32];
	int fd = replica_part(replica, number);
	int result;

	if (fd == -1)
		return -1;
	part_name(number, part);
	result = write_all(fd, text);
	process_close(fd);
	if (result == 0)
		result = renameat(
		    replica->work, part, folder_of(replica, folder), name);
	/* This also syncs the renames before it. */
	if (result == 0)
		result = fsync(folder_of(replica, folder));
	if (result == -1)
		replica_drop(replica, number);
	return result;
}

int
replica_append(struct replica *replica, const char *name, struct str text)
{
	int fd = openat(replica->work, name,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	int result = fd == -1 ? -1 : write_all(fd, text);

	process_close(fd);
	return result;
}

int64_t
replica_written(struct replica *replica, const char *name)
{
	struct stat st;

	return fstatat(replica->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? st.st_mtime
	    : 0;
}

int
replica_erase(
    struct replica *replica, enum replica_folder folder, const char *name)
{
	return unlinkat(folder_of(replica, folder), name, 0) == 0 ||
		errno == ENOENT
	    ? 0
	    : -1;
}
