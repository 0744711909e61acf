/*
 * The directory for databases, locked for one server at a time.
 */
#include "daemon/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/process.h"

/* The prefix of a temporary directory's name. */
#define PREFIX "capsuled-state-"
/* Wait for a server that is ending to release its directory. */
#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 20

/* Opens a directory; -1 with errno set. */
static int
open_directory(int at, const char *path, int flags)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

/* Changes the owner to the jail's user; -1 with errno set. */
static int
give(int fd, const struct jail *jail)
{
	return jail->changes ? fchown(fd, jail->user, jail->group) : 0;
}

static uid_t
owner_of(const struct jail *jail)
{
	return jail->changes ? jail->user : geteuid();
}

/* Refuse a directory in which another user could forge the index. */
static int
check(const char *path, const struct stat *st, const struct jail *jail,
    char *error, size_t size)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		snprintf(error, size,
		    "state: %s: other users could write there; use chmod 700",
		    path);
	else if (st->st_uid != owner_of(jail))
		snprintf(error, size,
		    "state: %s: must belong to the user %s, because the index "
		    "process writes there; change its owner",
		    path, jail->changes ? jail->name : "of the server");
	else
		return 0;
	return -1;
}

static int
fail(const char *path, const char *cure, char *error, size_t size)
{
	snprintf(error, size, "state: %s: %s; %s", path, strerror(errno), cure);
	return -1;
}

/* Reports that the directory cannot be opened or made. */
static int
fail_to_open(const char *path, char *error, size_t size)
{
	return fail(path,
	    errno == ENOENT ? "make the directory above it"
			    : "name another directory",
	    error, size);
}

/* Reports that the lock in the directory cannot be made or opened. */
static int
fail_to_lock(const char *path, char *error, size_t size)
{
	if (errno != EACCES)
		return fail_to_open(path, error, size);
	snprintf(error, size,
	    "state: %s/lock: %s; give it the owner of the directory", path,
	    strerror(errno));
	return -1;
}

/* Makes the directory unless it exists; -1 with errno set. */
static int
make(const char *path, const struct jail *jail)
{
	int fd, result;

	if (mkdir(path, 0700) == -1)
		return errno == EEXIST ? 0 : -1;
	fd = open_directory(AT_FDCWD, path, O_NOFOLLOW);
	if (fd == -1)
		return -1;
	result = give(fd, jail);
	close(fd);
	return result;
}

/*
 * Locks the file that marks a directory as used; -1 with errno set. The lock is
 * the process's own: a child that outlives it does not hold it.
 */
static int
lock(int directory, int flags)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(
	    directory, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	int error;

	if (fd == -1 || fcntl(fd, F_SETLK, &all) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error == EACCES ? EAGAIN : error;
	return -1;
}

static bool
is_same(const struct stat *st, int fd)
{
	struct stat other;

	return fd != -1 && fstat(fd, &other) == 0 &&
	    st->st_dev == other.st_dev && st->st_ino == other.st_ino;
}

/*
 * Takes over the lock of `last` if it is one of the directory. It has to be
 * this descriptor: closing any descriptor of the file ends the lock.
 */
static bool
take_lock(struct state *state, struct state *last)
{
	struct stat st;

	if (last == NULL ||
	    fstatat(state->fd, "lock", &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !is_same(&st, last->lock))
		return false;
	state->lock = last->lock;
	last->lock = -1;
	last->is_temporary = false;
	return true;
}

/* Locks as above, but retries for a server that is just ending. */
static int
wait_for_lock(struct state *state)
{
	for (int i = 0; i < LOCK_TRIES && state->lock == -1; i++) {
		if (i > 0)
			(void)poll(NULL, 0, LOCK_PAUSE_MS);
		state->lock = lock(state->fd, O_CREAT);
		if (state->lock == -1 && errno != EAGAIN)
			return -1;
	}
	return state->lock == -1 ? -1 : 0;
}

/* Takes over the temporary directory of `last`. */
static int
take_over(struct state *state, struct state *last)
{
	*state = *last;
	state->fd = fcntl(last->fd, F_DUPFD_CLOEXEC, 0);
	if (state->fd == -1)
		return -1;
	last->lock = -1;
	last->is_temporary = false;
	return 0;
}

static int
open_named(struct state *state, const char *path, struct state *last,
    const struct jail *jail, char *error, size_t size)
{
	struct stat st;

	snprintf(state->path, sizeof state->path, "%s", path);
	if (make(path, jail) == -1)
		return fail_to_open(path, error, size);
	state->fd = open_directory(AT_FDCWD, path, 0);
	if (state->fd == -1 || fstat(state->fd, &st) == -1)
		return fail_to_open(path, error, size);
	if (check(path, &st, jail, error, size) == -1)
		return -1;
	if (take_lock(state, last) || wait_for_lock(state) == 0)
		return 0;
	if (errno != EAGAIN)
		return fail_to_lock(path, error, size);
	snprintf(error, size,
	    "state: %s: another server uses it; give each its own", path);
	return -1;
}

/* Removes the contents of a directory, which has files only. */
static void
empty(int fd)
{
	int again = open_directory(fd, ".", 0);
	DIR *stream = again == -1 ? NULL : fdopendir(again);
	const struct dirent *found;

	if (stream == NULL) {
		process_close(again);
		return;
	}
	while ((found = readdir(stream)) != NULL)
		(void)unlinkat(fd, found->d_name, 0);
	closedir(stream);
}

/* Removes an abandoned temporary directory. */
static void
remove_left(int in, const char *name, const struct jail *jail)
{
	int fd = open_directory(in, name, O_NOFOLLOW);
	struct stat st;
	int locked = -1;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 &&
	    (st.st_uid == geteuid() || st.st_uid == owner_of(jail)) &&
	    !(st.st_mode & (S_IRWXG | S_IRWXO)))
		locked = lock(fd, 0);
	if (locked != -1) {
		empty(fd);
		(void)unlinkat(in, name, AT_REMOVEDIR);
		close(locked);
	}
	close(fd);
}

static void
remove_all_left(const char *directory, const struct jail *jail)
{
	DIR *stream = opendir(directory);
	const struct dirent *found;

	if (stream == NULL)
		return;
	while ((found = readdir(stream)) != NULL)
		if (strncmp(found->d_name, PREFIX, strlen(PREFIX)) == 0)
			remove_left(dirfd(stream), found->d_name, jail);
	closedir(stream);
}

/* Makes a temporary directory there; -1 with errno set. */
static int
make_in(struct state *state, const char *directory, const struct jail *jail)
{
	struct stat st;
	int error;

	if ((size_t)snprintf(state->path, sizeof state->path,
		"%s/" PREFIX "XXXXXX", directory) >= sizeof state->path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (mkdtemp(state->path) == NULL)
		return -1;
	state->fd = open_directory(AT_FDCWD, state->path, O_NOFOLLOW);
	/* Until it is locked, another start may remove it as abandoned. */
	if (state->fd != -1 && wait_for_lock(state) == 0 &&
	    give(state->fd, jail) == 0 && stat(state->path, &st) == 0 &&
	    is_same(&st, state->fd)) {
		state->is_temporary = true;
		return 0;
	}
	error = errno;
	state_close(state);
	(void)rmdir(state->path);
	errno = error;
	return -1;
}

static int
open_temporary(
    struct state *state, const struct jail *jail, char *error, size_t size)
{
	const char *const directories[] = { getenv("TMPDIR"), "/var/tmp",
		"/tmp", "/dev/shm" };
	const size_t count = sizeof directories / sizeof *directories;

	for (size_t i = 0; i < count; i++)
		if (directories[i] != NULL)
			remove_all_left(directories[i], jail);
	for (size_t i = 0; i < count; i++) {
		if (directories[i] == NULL)
			continue;
		if (make_in(state, directories[i], jail) == 0)
			return 0;
		log_line(LOG_LEVEL_WARN,
		    "index: no directory can be made in %s: %s", directories[i],
		    strerror(errno));
	}
	snprintf(error, size,
	    "no directory can be made in /var/tmp for the index: %s; set "
	    "TMPDIR, or name one with the setting state",
	    strerror(errno));
	return -1;
}

int
state_open(struct state *state, const char *path, struct state *last,
    const struct jail *jail, char *error, size_t error_size)
{
	*state = (struct state){ .fd = -1, .lock = -1 };
	if (path[0] == '\0' && last != NULL && last->is_temporary)
		return take_over(state, last);
	if (path[0] == '\0')
		return open_temporary(state, jail, error, error_size);
	if (open_named(state, path, last, jail, error, error_size) == 0)
		return 0;
	state_close(state);
	return -1;
}

void
state_inherit(const struct state *state, bool inherit)
{
	if (state->lock != -1)
		(void)fcntl(state->lock, F_SETFD, inherit ? 0 : FD_CLOEXEC);
}

void
state_adopt(
    struct state *state, const char *path, int lock, const struct jail *jail)
{
	struct state left = { .fd = -1, .lock = lock };
	const char *slash = strrchr(path, '/');
	struct stat st;

	state_inherit(&left, false);
	*state = left;
	if (path[0] == '\0')
		return;
	snprintf(state->path, sizeof state->path, "%s", path);
	/* The directory is emptied in the end: it has to be one of ours. */
	if (slash != NULL && strncmp(slash + 1, PREFIX, strlen(PREFIX)) == 0)
		state->fd = open_directory(AT_FDCWD, path, O_NOFOLLOW);
	if (state->fd != -1 && fstat(state->fd, &st) == 0 &&
	    st.st_uid == owner_of(jail) && (st.st_mode & 07777) == 0700 &&
	    take_lock(state, &left))
		state->is_temporary = true;
	else
		state_forget(state);
}

int
state_check(
    const char *path, const struct jail *jail, char *error, size_t error_size)
{
	char above[PATH_MAX];
	struct stat st;

	if (path[0] == '\0')
		return 0;
	if (stat(path, &st) == -1 && errno == ENOENT) {
		snprintf(above, sizeof above, "%s", path);
		if (stat(dirname(above), &st) == 0)
			return 0;
		return fail_to_open(path, error, error_size);
	}
	if (stat(path, &st) == -1)
		return fail_to_open(path, error, error_size);
	return check(path, &st, jail, error, error_size);
}

void
state_close(struct state *state)
{
	if (state->fd != -1 && state->is_temporary) {
		empty(state->fd);
		(void)rmdir(state->path);
	}
	state_forget(state);
}

void
state_forget_lock(struct state *state)
{
	process_close(state->lock);
	state->lock = -1;
	state->is_temporary = false;
}

void
state_forget(struct state *state)
{
	state_forget_lock(state);
	process_close(state->fd);
	state->fd = -1;
}
