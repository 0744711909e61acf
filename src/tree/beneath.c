/*
 * File lookup that cannot leave a directory: one openat2(2) call on Linux, and
 * a walk by components on other systems.
 */
#include "tree/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text/str.h"

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DEPTH_MAX 64
#define LINKS_MAX 16
/* A rename that races with the lookup makes the kernel return EAGAIN. */
#define RETRIES 8

#ifdef SYS_openat2

#include <linux/openat2.h>

static int
open_as(int root, const char *path, const struct open_how *wanted)
{
	struct open_how how = *wanted;
	long fd = -1;

	how.resolve |= RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

	for (int i = 0; i < RETRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd != -1 || errno != EAGAIN)
			break;
	}
	return (int)fd;
}

static int
open_how(int root, const char *path, unsigned long long resolve)
{
	const struct open_how how = { .flags = OPEN_FLAGS, .resolve = resolve };

	return open_as(root, path, &how);
}

/* Opens a path without the right to read it; -1 with errno set. */
static int
open_unread(int root, const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC };

	return open_as(root, path, &how);
}

/*
 * Whether to look the name up again, folder by folder: after the errors of an
 * old kernel, of a system call filter, of a race, or of a name that was just
 * replaced on NFS.
 */
static bool
is_refused(int error)
{
	return error == ENOSYS || error == EPERM || error == EAGAIN ||
	    error == ESTALE;
}

int
beneath_open(int root, const char *path)
{
	int fd = open_how(root, path, 0);

	return fd == -1 && is_refused(errno) ? beneath_walk(root, path) : fd;
}

/* Opens a path without links; -1 with errno set, ELOOP when it has some. */
static int
open_direct(int root, const char *path)
{
	return open_how(root, path, RESOLVE_NO_SYMLINKS);
}

/* Opens a name without links and mounts; -1 with errno set. */
static int
open_unmounted(int folder, const char *name)
{
	return open_how(folder, name, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

#else

static int
open_unread(int root, const char *path)
{
	(void)root;
	(void)path;
	errno = ENOSYS;
	return -1;
}

int
beneath_open(int root, const char *path)
{
	return beneath_walk(root, path);
}

static bool
is_refused(int error)
{
	(void)error;
	return true;
}

static int
open_direct(int root, const char *path)
{
	(void)root;
	(void)path;
	return -1;
}

static int
open_unmounted(int folder, const char *name)
{
	(void)folder;
	(void)name;
	return -1;
}

#endif

int
beneath_stat(int root, const char *path, struct stat *out)
{
	int fd = open_unread(root, path), result;

	if (fd == -1 && is_refused(errno))
		fd = beneath_walk(root, path);
	if (fd == -1)
		return -1;
	result = fstat(fd, out);
	close(fd);
	return result;
}

/* The open directories from the root to the current one. */
struct beneath_walk {
	int directories[DEPTH_MAX]; /* the first is borrowed */
	size_t depth;
	int links;
	char rest[PATH_MAX]; /* the rest of the path */
	char real[BENEATH_REAL_MAX]; /* the path so far, without links */
};

static int
fail_too_long(void)
{
	errno = ENAMETOOLONG;
	return -1;
}

static void
walk_up(struct beneath_walk *walk)
{
	char *end = strrchr(walk->real, '/');

	close(walk->directories[--walk->depth]);
	if (end != NULL)
		*end = '\0';
}

/* Puts the target of the link `name` in front of the rest of the path. */
static int
walk_link(struct beneath_walk *walk, const char *name)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlinkat(
	    walk->directories[walk->depth - 1], name, target, sizeof target);

	if (len == -1)
		return -1;
	if ((size_t)len == sizeof target || ++walk->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	if (len > 0 && target[0] == '/') {
		errno = EXDEV;
		return -1;
	}
	memcpy(rest, walk->rest, sizeof rest);
	len = snprintf(
	    walk->rest, sizeof walk->rest, "%.*s/%s", (int)len, target, rest);
	return (size_t)len >= sizeof walk->rest ? fail_too_long() : 0;
}

/* Removes the first component from the rest; false at the end of the path. */
static bool
walk_component(struct beneath_walk *walk, char name[NAME_MAX + 2])
{
	struct str rest = str_of(walk->rest), part;

	do {
		if (rest.len == 0)
			return false;
		part = str_cut(&rest, '/');
	} while (part.len == 0 || str_equals(part, STR(".")));
	/* Cut the name: one byte over NAME_MAX already fails as too long. */
	snprintf(name, NAME_MAX + 2, "%.*s", STR_ARG(part));
	memmove(walk->rest, rest.at, rest.len);
	walk->rest[rest.len] = '\0';
	return true;
}

/*
 * Walks one component.  Returns 1 when it entered a directory, 0 when there is
 * nothing to open yet, or -1 with errno set.
 */
static int
walk_step(struct beneath_walk *walk, const char *name)
{
	size_t len = strlen(walk->real);
	int fd;

	if (strcmp(name, "..") == 0) {
		if (walk->depth == 1) {
			errno = EXDEV;
			return -1;
		}
		walk_up(walk);
		return 0;
	}
	if (walk->depth == DEPTH_MAX)
		return fail_too_long();
	fd = openat(
	    walk->directories[walk->depth - 1], name, OPEN_FLAGS | O_NOFOLLOW);
	if (fd == -1 && (errno == ELOOP || errno == EMLINK))
		return walk_link(walk, name);
	if (fd == -1)
		return -1;
	walk->directories[walk->depth++] = fd;
	return (size_t)snprintf(walk->real + len, sizeof walk->real - len,
		   "/%s", name) >= sizeof walk->real - len
	    ? fail_too_long()
	    : 1;
}

/* Opens the path walk->rest. */
static int
open_path(struct beneath_walk *walk)
{
	bool wants_directory = str_ends(str_of(walk->rest), STR("/"));
	int root = walk->directories[0];
	char name[NAME_MAX + 2];
	struct stat st;
	int fd = -1, error;

	while (walk_component(walk, name))
		if (walk_step(walk, name) == -1)
			goto done;
	if (walk->depth == 1) {
		fd = openat(root, ".", OPEN_FLAGS);
		goto done;
	}
	fd = walk->directories[--walk->depth];
	if (wants_directory && (fstat(fd, &st) == -1 || !S_ISDIR(st.st_mode))) {
		close(fd);
		fd = -1;
		errno = ENOTDIR;
	}
done:
	error = errno;
	while (walk->depth > 1)
		close(walk->directories[--walk->depth]);
	errno = error;
	return fd;
}

static int
walk_begin(struct beneath_walk *walk, int root, const char *path)
{
	/* The rest has 8 KB, which need no zeros. */
	walk->directories[0] = root;
	walk->depth = 1;
	walk->links = 0;
	walk->real[0] = '\0';
	if ((size_t)snprintf(walk->rest, sizeof walk->rest, "%s", path) >=
	    sizeof walk->rest)
		return fail_too_long();
	if (path[0] == '/') {
		errno = EXDEV;
		return -1;
	}
	return 0;
}

int
beneath_walk(int root, const char *path)
{
	struct beneath_walk walk;

	return walk_begin(&walk, root, path) == -1 ? -1 : open_path(&walk);
}

int
beneath_open_real(int root, const char *path, char real[BENEATH_REAL_MAX])
{
	int fd = open_direct(root, path);
	struct beneath_walk walk;
	size_t len;

	if (fd == -1 && errno != ELOOP && !is_refused(errno))
		return -1;
	if (fd == -1) {
		fd =
		    walk_begin(&walk, root, path) == -1 ? -1 : open_path(&walk);
		memcpy(real, walk.real, strlen(walk.real) + 1);
		return fd;
	}
	len = (size_t)snprintf(
	    real, BENEATH_REAL_MAX, "/%s", strcmp(path, ".") == 0 ? "" : path);
	if (len > 0 && real[len - 1] == '/')
		real[len - 1] = '\0';
	return fd;
}

/* Checks that `fd`, which is closed otherwise, is a directory of this kind. */
static int
check_entered(int folder, int fd, bool stays)
{
	struct stat above, st;
	int error = 0;

	if (fstat(fd, &st) == -1 || fstat(folder, &above) == -1)
		error = errno;
	else if (!S_ISDIR(st.st_mode))
		error = ENOTDIR;
	else if (stays && st.st_dev != above.st_dev)
		error = EXDEV;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

int
beneath_enter(int folder, const char *name, bool stays)
{
	int fd = -1;

	errno = ENOSYS;
	if (stays)
		fd = open_unmounted(folder, name);
	if (fd == -1 && (!stays || is_refused(errno)))
		fd =
		    openat(folder, name, OPEN_FLAGS | O_DIRECTORY | O_NOFOLLOW);
	return fd == -1 ? -1 : check_entered(folder, fd, stays);
}

bool
beneath_is_absent(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EXDEV:
	case EACCES:
	case ENXIO: /* a socket, or a device without a driver */
	case EINVAL: /* a name that this file system cannot hold */
	case EILSEQ: return true;
	default: return false;
	}
}
