/* Makes all files of a folder or none, also if it fails or crashes. */
#include "tool/folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/process.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static int
failed(struct folder *folder, const char *what)
{
	snprintf(
	    folder->error, sizeof folder->error, "%s: %s", folder->path, what);
	return -1;
}

static int
failed_with_errno(struct folder *folder, const char *what, const char *remedy)
{
	snprintf(folder->error, sizeof folder->error, "%s: %s: %s; %s",
	    folder->path, what, strerror(errno), remedy);
	return -1;
}

static bool
is_folder(const struct folder_file *file)
{
	return file->path[strlen(file->path) - 1] == '/';
}

/* Writes and closes the file; the first error counts. */
static int
write_file(int fd, const struct folder_file *file)
{
	FILE *out = fdopen(fd, "w");
	int error = 0;

	if (out == NULL) {
		process_close(fd);
		return -1;
	}
	file->write(out, file->context);
	/* An earlier write may have failed, and later ones not. */
	if (fflush(out) == EOF || fsync(fd) == -1)
		error = errno;
	else if (ferror(out))
		error = EIO;
	if (fclose(out) == EOF && error == 0)
		error = errno;
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
make_file(int dir, const struct folder_file *file)
{
	int fd, error;

	if (is_folder(file))
		return mkdirat(dir, file->path, 0777);
	fd = openat(
	    dir, file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd == -1)
		return -1;
	if (write_file(fd, file) == 0)
		return 0;
	error = errno;
	unlinkat(dir, file->path, 0);
	errno = error;
	return -1;
}

static int
sync_folder(int dir, const char *path)
{
	int fd = openat(dir, path, OPEN_FOLDER);
	int result;

	if (fd == -1)
		return -1;
	result = fsync(fd);
	process_close(fd);
	return result;
}

static int
sync_folders(int dir, const struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		if (is_folder(&folder->files[i]) &&
		    sync_folder(dir, folder->files[i].path) == -1)
			return -1;
	return sync_folder(dir, ".");
}

/* Removes the first `count`; errno stays as it was. */
static void
remove_files(int dir, const struct folder *folder, size_t count)
{
	int error = errno;

	while (count-- > 0)
		unlinkat(dir, folder->files[count].path,
		    is_folder(&folder->files[count]) ? AT_REMOVEDIR : 0);
	errno = error;
}

static int
make_files(int dir, const struct folder *folder)
{
	size_t made = 0;

	while (
	    made < folder->count && make_file(dir, &folder->files[made]) == 0)
		made++;
	if (made == folder->count && sync_folders(dir, folder) == 0)
		return 0;
	remove_files(dir, folder, made);
	return -1;
}

/* Whether a folder is empty: 1, 0, or -1 with errno set. */
static int
is_empty(int dir)
{
	/* A second descriptor, since closedir closes it. */
	int fd = openat(dir, ".", OPEN_FOLDER);
	DIR *entries = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	size_t count = 0;
	int error;

	if (entries == NULL) {
		process_close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(entries)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			count++;
	error = errno;
	closedir(entries);
	errno = error;
	return error != 0 ? -1 : count == 0;
}

/*
 * Fills an existing folder and does not replace it: it may have another owner,
 * be a mount point, or be the working directory.
 */
static int
fill_empty(int dir, struct folder *folder)
{
	int empty = is_empty(dir);

	if (empty == 0)
		return failed(
		    folder, "is not empty; name a new or an empty folder");
	if (empty == -1 || make_files(dir, folder) == -1)
		return failed_with_errno(
		    folder, "cannot be filled", "name another folder");
	return 0;
}

/* Fills the new folder `staged` and renames it to its final name. */
static int
fill_staged(const char *staged, const struct folder *folder)
{
	int dir = open(staged, OPEN_FOLDER);
	int result;

	if (dir == -1)
		return -1;
	result = make_files(dir, folder);
	if (result == 0) {
		result = rename(staged, folder->path);
		if (result == -1)
			remove_files(dir, folder, folder->count);
	}
	process_close(dir);
	return result;
}

static int
make_new(const struct folder *folder)
{
	const char *slash = strrchr(folder->path, '/');
	int above = slash != NULL ? (int)(slash + 1 - folder->path) : 0;
	char staged[PATH_MAX];
	int len, error;

	len = snprintf(staged, sizeof staged, "%.*s.capsule-new-%ld", above,
	    folder->path, (long)getpid());
	if (len < 0 || (size_t)len >= sizeof staged) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (mkdir(staged, 0777) == -1)
		return -1;
	if (fill_staged(staged, folder) == -1) {
		error = errno;
		rmdir(staged);
		errno = error;
		return -1;
	}
	snprintf(staged, sizeof staged, "%.*s.", above, folder->path);
	/* The folder is complete; this makes it safe against a crash. */
	(void)sync_folder(AT_FDCWD, staged);
	return 0;
}

static int
fill(struct folder *folder)
{
	int dir = open(folder->path, OPEN_FOLDER);
	int result;

	if (dir != -1) {
		result = fill_empty(dir, folder);
		close(dir);
		return result;
	}
	if (errno == ENOTDIR)
		return failed_with_errno(folder, "cannot be opened",
		    "name a new or an empty folder");
	if (errno != ENOENT)
		return failed_with_errno(
		    folder, "cannot be opened", "name another folder");
	if (make_new(folder) == -1)
		return failed_with_errno(folder, "cannot be made",
		    errno == ENOENT ? "make the folder above it first"
				    : "name another place");
	return 0;
}

int
folder_fill(struct folder *folder)
{
	sigset_t before;
	int result;

	assert(folder->path[0] != '\0');
	/* Block signals, so that they leave all files or none, too. */
	process_block_signals(&before);
	result = fill(folder);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

void
folder_write_robots(FILE *out, const void *context)
{
	(void)context;
	fputs("User-agent: *\nDisallow:\n", out);
}

void
folder_list(const struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		if (!is_folder(&folder->files[i]))
			printf("%s/%s\n", folder->path, folder->files[i].path);
	printf("serve it with: capsuled -G 7070 %s\n", folder->path);
}
