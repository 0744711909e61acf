/* Makes all changes of a set of files or none. */
#include "tool/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/atomic_file.h"
#include "sys/process.h"
#include "sys/sink.h"
#include "text/array.h"
#include "text/buf.h"
#include "tool/cli.h"

#define ARENA_MAX ((size_t)256 << 20)

enum changes_kind {
	CHANGES_FOLDER,
	CHANGES_CREATE,
	CHANGES_REPLACE,
	CHANGES_MOVE,
};

struct changes_step {
	enum changes_kind kind;
	const char *path;
	const char *staged; /* the complete new file; NULL: none, or used */
	const char *other; /* of a move: the new path; of a replacement: kept */
	struct stat st; /* of a replacement: the old file */
	bool is_made;
};

void
changes_init(struct changes *changes)
{
	*changes = (struct changes){ 0 };
	arena_init(&changes->arena, ARENA_MAX);
	process_block_signals(&changes->before);
}

/* Whether a signal waits that would have ended the process. */
static bool
is_interrupted(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t waiting;
	struct sigaction action;
	bool found = false;

	if (sigpending(&waiting) == -1)
		return false;
	/* One that is ignored, as by nohup(1), waits too. */
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		found |= sigismember(&waiting, signals[i]) == 1 &&
		    sigaction(signals[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN;
	return found;
}

/* Adds a step; NULL with errno set. */
static struct changes_step *
add(struct changes *changes, enum changes_kind kind, const char *path)
{
	struct changes_step *steps = array_grow(
	    changes->steps, changes->count, &changes->room, sizeof *steps);
	const char *copy = arena_string(&changes->arena, str_of(path));

	changes->culprit = path;
	if (steps != NULL)
		changes->steps = steps;
	if (steps == NULL || copy == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	changes->culprit = copy;
	if (is_interrupted()) {
		errno = EINTR;
		return NULL;
	}
	steps += changes->count++;
	*steps = (struct changes_step){ .kind = kind, .path = copy };
	return steps;
}

/* Writes and syncs the temporary file; `like` gives mode and owner, or NULL. */
static int
write_staged(
    const struct atomic_file *file, struct str bytes, const struct stat *like)
{
	struct sink_file sink = { { sink_file_write }, file->fd };

	/* Only root can keep another owner. */
	if (like != NULL &&
	    ((fchown(file->fd, like->st_uid, like->st_gid) == -1 &&
		 errno != EPERM) ||
		fchmod(file->fd, like->st_mode & 0777) == -1))
		return -1;
	if (sink.sink.write(&sink.sink, bytes) == -1)
		return -1;
	return fsync(file->fd);
}

static int
stage(struct changes *changes, struct changes_step *step, struct str bytes,
    const struct stat *like)
{
	struct atomic_file file;

	if (atomic_file_open(&file, step->path) == -1)
		return -1;
	step->staged = arena_string(&changes->arena, str_of(file.name));
	if (step->staged == NULL)
		errno = ENOMEM;
	if (step->staged == NULL || write_staged(&file, bytes, like) == -1) {
		atomic_file_drop(&file);
		step->staged = NULL;
		return -1;
	}
	return close(file.fd);
}

int
changes_folder(struct changes *changes, const char *path)
{
	struct changes_step *step = add(changes, CHANGES_FOLDER, path);

	if (step == NULL || mkdirat(AT_FDCWD, path, 0777) == -1)
		return -1;
	step->is_made = true;
	return 0;
}

int
changes_create(struct changes *changes, const char *path, struct str bytes)
{
	struct changes_step *step = add(changes, CHANGES_CREATE, path);

	return step != NULL ? stage(changes, step, bytes, NULL) : -1;
}

/* The name that the old file of `path` has while it is replaced. */
static const char *
kept_name(struct arena *arena, const char *path)
{
	struct str whole = str_of(path), name = whole;
	struct buf kept = buf_in(arena, whole.len + sizeof CHANGES_KEPT);

	while (str_find(name, '/') < name.len)
		(void)str_cut(&name, '/');
	buf_add(&kept, str_head(whole, whole.len - name.len));
	buf_add(&kept, STR(CHANGES_KEPT));
	buf_add(&kept, name);
	buf_char(&kept, '\0');
	return kept.overflow ? NULL : kept.at;
}

int
changes_replace(struct changes *changes, const char *path, struct str bytes)
{
	struct changes_step *step = add(changes, CHANGES_REPLACE, path);
	struct stat st;

	if (step == NULL)
		return -1;
	step->other = kept_name(&changes->arena, path);
	errno = ENOMEM;
	if (step->other == NULL)
		return -1;
	if (lstat(step->other, &st) == 0) {
		changes->culprit = step->other;
		errno = EEXIST;
		return -1;
	}
	if (lstat(path, &step->st) == -1)
		return -1;
	return stage(changes, step, bytes, &step->st);
}

int
changes_move(struct changes *changes, const char *from, const char *to)
{
	struct changes_step *step = add(changes, CHANGES_MOVE, from);

	if (step == NULL)
		return -1;
	step->other = arena_string(&changes->arena, str_of(to));
	errno = ENOMEM;
	return step->other != NULL ? 0 : -1;
}

static int
rename_to(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* Removes a file; errno stays as it was. */
static void
remove_file(const char *path, int flags)
{
	int error = errno;

	(void)unlinkat(AT_FDCWD, path, flags);
	errno = error;
}

/* Whether link(2) failed because of the file system or the file's owner. */
static bool
cannot_link(int error)
{
	return error == EPERM || error == ENOTSUP || error == EOPNOTSUPP ||
	    error == ENOSYS || error == EMLINK;
}

/* Renames without replacing another file, unlike rename(2). */
static int
place(const char *from, const char *to)
{
	struct stat st;
	bool is_folder = lstat(from, &st) == 0 && S_ISDIR(st.st_mode);

	if (!is_folder && linkat(AT_FDCWD, from, AT_FDCWD, to, 0) == 0) {
		if (unlinkat(AT_FDCWD, from, 0) == 0)
			return 0;
		remove_file(to, 0);
		return -1;
	}
	if (!is_folder && !cannot_link(errno))
		return -1;
	/* A folder has no links. */
	if (lstat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename_to(from, to);
}

/* Whether the file is as it was when its replacement was prepared. */
static bool
is_unchanged(const struct changes_step *step)
{
	const struct stat *old = &step->st;
	struct stat st;

	/* Not the ctime: hard links to the file may be replaced, too. */
	return lstat(step->path, &st) == 0 && st.st_dev == old->st_dev &&
	    st.st_ino == old->st_ino && st.st_size == old->st_size &&
	    st.st_mtim.tv_sec == old->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == old->st_mtim.tv_nsec;
}

static int
replace(struct changes_step *step)
{
	bool is_linked;

	/* An edit that came meanwhile must not be lost. */
	if (!is_unchanged(step)) {
		errno = ESTALE;
		return -1;
	}
	is_linked = linkat(AT_FDCWD, step->path, AT_FDCWD, step->other, 0) == 0;
	if (!is_linked &&
	    (!cannot_link(errno) || rename_to(step->path, step->other) == -1))
		return -1;
	if (rename_to(step->staged, step->path) == 0)
		return 0;
	/* Renaming one link to another of the same file does nothing. */
	if (is_linked)
		remove_file(step->other, 0);
	else
		(void)rename_to(step->other, step->path);
	return -1;
}

static int
make(struct changes_step *step)
{
	int result = 0;

	switch (step->kind) {
	case CHANGES_FOLDER: return 0;
	case CHANGES_CREATE: result = place(step->staged, step->path); break;
	case CHANGES_REPLACE: result = replace(step); break;
	case CHANGES_MOVE: result = place(step->path, step->other); break;
	}
	if (result == -1)
		return -1;
	step->is_made = true;
	step->staged = NULL;
	return 0;
}

static int
undo(struct changes_step *step)
{
	step->is_made = false;
	switch (step->kind) {
	case CHANGES_FOLDER:
		return unlinkat(AT_FDCWD, step->path, AT_REMOVEDIR);
	case CHANGES_CREATE: return unlinkat(AT_FDCWD, step->path, 0);
	case CHANGES_REPLACE:
	case CHANGES_MOVE: break;
	}
	return rename_to(step->other, step->path);
}

/* Undoes the steps that are made, the last one first; errno stays. */
static void
undo_all(struct changes *changes)
{
	int error = errno;

	for (size_t i = 0; i < changes->count; i++)
		if (changes->steps[i].staged != NULL) {
			remove_file(changes->steps[i].staged, 0);
			changes->steps[i].staged = NULL;
		}
	for (size_t i = changes->count; i > 0; i--)
		if (changes->steps[i - 1].is_made &&
		    undo(&changes->steps[i - 1]) == -1)
			changes->is_stuck = true;
	errno = error;
}

/* Removes the old file of a replacement, which may have been moved. */
static void
remove_kept(const struct changes *changes, const struct changes_step *step)
{
	const struct changes_step *last = &changes->steps[changes->count - 1];
	struct str kept = str_of(step->other), from = str_of(last->path);
	char moved[PATH_MAX];

	if (last->kind == CHANGES_MOVE && str_starts(kept, from) &&
	    kept.at[from.len] == '/' &&
	    (size_t)snprintf(moved, sizeof moved, "%s%s", last->other,
		kept.at + from.len) < sizeof moved)
		remove_file(moved, 0);
	else
		remove_file(step->other, 0);
}

/* The length of the path of the folder of `path`. */
static size_t
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* Syncs the folder of `path`, unless it is that of `last`, which is synced. */
static void
sync_folder(const char *path, const char **last)
{
	size_t len = folder_len(path);
	char name[PATH_MAX];
	int fd;

	if (*last != NULL && folder_len(*last) == len &&
	    memcmp(*last, path, len) == 0)
		return;
	*last = path;
	if ((size_t)snprintf(name, sizeof name, "%.*s.", (int)len, path) >=
	    sizeof name)
		return;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/*
 * Makes the first `count` steps, which are complete, durable against a power
 * failure. An error, as on a file system without this sync, is not reported.
 */
static void
sync_folders(const struct changes *changes, size_t count)
{
	const char *last = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct changes_step *step = &changes->steps[i];

		if (step->kind == CHANGES_MOVE)
			sync_folder(step->other, &last);
		sync_folder(step->path, &last);
	}
}

int
changes_commit(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		/* A move may change the paths of their folders. */
		if (changes->steps[i].kind == CHANGES_MOVE)
			sync_folders(changes, i);
		if (make(&changes->steps[i]) == -1) {
			changes->culprit = errno == EEXIST &&
				changes->steps[i].kind == CHANGES_MOVE
			    ? changes->steps[i].other
			    : changes->steps[i].path;
			undo_all(changes);
			return -1;
		}
	}
	sync_folders(changes, changes->count);
	for (size_t i = 0; i < changes->count; i++) {
		changes->steps[i].is_made = false;
		if (changes->steps[i].kind == CHANGES_REPLACE)
			remove_kept(changes, &changes->steps[i]);
	}
	return 0;
}

static const char *
remedy(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS: return "make its folder writable";
	case EDQUOT:
	case EFBIG:
	case ENOSPC: return "make room on the disk";
	case EEXIST: return "remove it, or give another name";
	case ENAMETOOLONG: return "give a shorter name";
	case ENOENT: return "make the folder above it first";
	case ELOOP: return "replace the symbolic link by its file";
	case EXDEV: return "name a place on the same disk";
	case ESTALE: return "it was edited meanwhile, so try again";
	default: return "try again";
	}
}

int
changes_report(const struct changes *changes, const char *verb)
{
	const char *advice = remedy(errno);

	if (errno == EEXIST && strstr(changes->culprit, CHANGES_KEPT) != NULL)
		advice = "it is the old file of an interrupted change: put it "
			 "in its place again, or remove it";
	return cli_say(verb, "%s: %s; %s (%s)", changes->culprit,
	    strerror(errno), advice,
	    changes->is_stuck
		? "some changes were made and could not be undone; names that "
		  "begin with " CHANGES_KEPT " are the old files"
		: "nothing was changed");
}

void
changes_release(struct changes *changes)
{
	undo_all(changes);
	free(changes->steps);
	arena_release(&changes->arena);
	(void)sigprocmask(SIG_SETMASK, &changes->before, NULL);
}
