/* Keeps the files that a crawl replaces or removes. */
#include "mirror/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mirror/dir.h"
#include "sys/process.h"

#define BEFORE "before"
#define REPLACED ".replaced"
#define NAME_SIZE (UTC_SIZE + sizeof REPLACED)
/* About a million names. */
#define LIST_MAX ((size_t)256 << 20)

/* Runs. */

/* Whether a folder is that of a run, or of a run that is being restored. */
static bool
read_name(const char *name, int64_t *time)
{
	struct str text = str_of(name);

	if (str_ends(text, STR(REPLACED)))
		text.len -= strlen(REPLACED);
	return utc_read(text, time);
}

/* The newest run before `until`.  Returns 1, 0 for none, -1 with errno. */
static int
find_run(int dir, int64_t until, int64_t *out)
{
	int fd = dir_enter(dir, ".", false);
	DIR *names = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int64_t time;
	int found = 0;

	if (names == NULL) {
		process_close(fd);
		return -1;
	}
	while ((entry = readdir(names)) != NULL)
		if (read_name(entry->d_name, &time) && time < until &&
		    (found == 0 || time > *out)) {
			*out = time;
			found = 1;
		}
	closedir(names);
	return found;
}

/* Removes the runs before `until`. */
static int
remove_runs(int dir, int64_t until)
{
	int64_t time;
	int found;

	while ((found = find_run(dir, until, &time)) == 1) {
		char name[NAME_SIZE];

		utc_format(time, name);
		if (dir_remove(dir, name) == -1)
			return -1;
		snprintf(name + UTC_SIZE - 1, sizeof REPLACED, "%s", REPLACED);
		if (dir_remove(dir, name) == -1)
			return -1;
	}
	return found;
}

/* Removes all but the newest runs. */
static int
prune(int dir)
{
	int64_t time = INT64_MAX;
	int found = 1;

	for (int i = 0; i < BACKUP_RUNS && found == 1; i++)
		found = find_run(dir, time, &time);
	return found == 1 ? remove_runs(dir, time) : found;
}

static int
measure(struct backup *backup, int dir)
{
	struct dir_list list;
	struct arena arena;
	int result;

	arena_init(&arena, LIST_MAX);
	result = dir_list(dir, &arena, &list);
	backup->bytes = 0;
	for (size_t i = 0; result == 0 && i < list.count; i++)
		if (list.entries[i].is_file)
			backup->bytes += list.entries[i].size;
	arena_release(&arena);
	return result;
}

int
backup_open(struct backup *backup, int work, int64_t now)
{
	int dir = dir_enter(work, BEFORE, false);
	int result;

	*backup = (struct backup){ .work = work, .run = -1, .now = now };
	if (dir == -1)
		return errno == ENOENT ? 0 : -1;
	result = measure(backup, dir);
	process_close(dir);
	return result;
}

void
backup_close(struct backup *backup)
{
	process_close(backup->run);
	backup->run = -1;
}

/* Makes the folder of this run; its name sorts after all others. */
static int
make_run(struct backup *backup, int dir)
{
	int64_t time = backup->now, newest;
	int found = find_run(dir, INT64_MAX, &newest);

	/* Remove the rest of a killed run; the newest runs stay. */
	if (found == -1 || prune(dir) == -1)
		return -1;
	/* Two runs in one second, or a clock that was set back. */
	if (found == 1 && newest >= time)
		time = newest + 1;
	utc_format(time, backup->name);
	if (mkdirat(dir, backup->name, 0777) == -1)
		return -1;
	backup->run = dir_enter(dir, backup->name, false);
	return backup->run == -1 ? -1 : measure(backup, dir);
}

/* Removes the folders in a run that have no files. */
static int
remove_empty(int dir, const char *name)
{
	int fd = dir_enter(dir, name, false);
	struct dir_list list;
	struct arena arena;
	int result;

	if (fd == -1)
		return -1;
	arena_init(&arena, LIST_MAX);
	result = dir_list(fd, &arena, &list);
	for (size_t i = list.count; result == 0 && i-- > 0;)
		if (list.entries[i].is_folder)
			dir_unlink(fd, list.entries[i].path, AT_REMOVEDIR);
	arena_release(&arena);
	process_close(fd);
	return result;
}

/* Removes the folder of this run, unless a file is in it. */
static void
drop_run(struct backup *backup, int dir)
{
	int error = errno;

	backup_close(backup);
	if (remove_empty(dir, backup->name) == 0)
		(void)unlinkat(dir, backup->name, AT_REMOVEDIR);
	errno = error;
}

static int
begin_run(struct backup *backup)
{
	int dir = dir_enter(backup->work, BEFORE, true);
	int result;

	if (dir == -1)
		return -1;
	result = make_run(backup, dir);
	if (result == -1)
		drop_run(backup, dir);
	process_close(dir);
	return result;
}

int
backup_end(struct backup *backup)
{
	int dir, result = 0;

	if (backup->run == -1)
		return 0;
	dir = dir_enter(backup->work, BEFORE, false);
	if (dir == -1)
		return -1;
	if (backup->files == 0)
		drop_run(backup, dir);
	else
		result = prune(dir);
	process_close(dir);
	return result;
}

/* Files. */

/*
 * Gives the file a second name, so that it always has one.  On a file system
 * without hard links it lacks its first name for a moment.
 */
static int
link_or_move(int from, const char *name, int to)
{
	if (linkat(from, name, to, name, 0) == 0 || errno == EEXIST)
		return 0;
	return renameat(from, name, to, name);
}

/* Puts a file of an open folder into the folder of the run. */
static int
put(struct backup *backup, int from, struct str path, bool stays)
{
	char name[NAME_MAX + 1];
	int to, result;

	if (backup->run == -1 && begin_run(backup) == -1)
		return -1;
	to = dir_parent(backup->run, path, true, name);
	if (to == -1)
		return -1;
	result = stays ? link_or_move(from, name, to)
		       : renameat(from, name, to, name);
	/* Sync before the file of the first name is replaced. */
	if (result == 0)
		result = fsync(to);
	process_close(to);
	return result;
}

static bool
is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Returns 1, 0 when there is no such file, or -1 with errno set. */
static int
put_path(struct backup *backup, int root, struct str path, bool stays)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int from = dir_parent(root, path, false, name);
	int result;

	if (from == -1)
		return is_absence(errno) ? 0 : -1;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		result = is_absence(errno) ? 0 : -1;
	else if (S_ISDIR(st.st_mode))
		result = 0;
	else
		result = put(backup, from, path, stays) == -1 ? -1 : 1;
	process_close(from);
	if (result == 1) {
		backup->files++;
		backup->bytes += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	}
	return result;
}

int
backup_keep(struct backup *backup, int root, struct str path)
{
	return put_path(backup, root, path, true) == -1 ? -1 : 0;
}

int
backup_take(struct backup *backup, int root, struct str path)
{
	int taken = put_path(backup, root, path, false);

	if (taken == 1)
		dir_prune(root, path);
	return taken == -1 ? -1 : 0;
}

/* Restoring a run. */

static void
replaced_name(const struct backup *backup, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s" REPLACED, backup->name);
}

int
backup_reopen(struct backup *backup)
{
	char replaced[NAME_SIZE];
	int dir = dir_enter(backup->work, BEFORE, false);
	int64_t time;
	int found, fd = -1;

	if (dir == -1)
		return -1;
	found = find_run(dir, INT64_MAX, &time);
	if (found == 0)
		errno = ENOENT;
	if (found == 1) {
		utc_format(time, backup->name);
		replaced_name(backup, replaced);
		fd = dir_enter(dir, backup->name, false);
	}
	if (fd != -1)
		backup->run = dir_enter(dir, replaced, true);
	if (fd != -1 && backup->run == -1) {
		process_close(fd);
		fd = -1;
	}
	process_close(dir);
	return fd;
}

int
backup_swap(struct backup *backup)
{
	char replaced[NAME_SIZE];
	int dir = dir_enter(backup->work, BEFORE, false);
	int result;

	if (dir == -1)
		return -1;
	replaced_name(backup, replaced);
	result = remove_empty(dir, backup->name);
	/* A folder may be renamed over an empty one. */
	if (result == 0)
		result = renameat(dir, replaced, dir, backup->name);
	if (result == -1 && errno == EEXIST)
		errno = ENOTEMPTY;
	process_close(dir);
	return result;
}
