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

int
beneath_open(int root, const char *path)
{
	struct open_how how = {
		.flags = OPEN_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < RETRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd != -1 || errno != EAGAIN)
			break;
	}
	/* An old kernel, a system call filter, or a race that does not end. */
	if (fd == -1 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		return beneath_walk(root, path);
	return (int)fd;
}

#else

int
beneath_open(int root, const char *path)
{
	return beneath_walk(root, path);
}

#endif

/* The open directories from the root to the current one. */
struct beneath_walk {
	int directories[DEPTH_MAX]; /* the first is borrowed */
	size_t depth;
	int links;
	char rest[PATH_MAX]; /* the rest of the path */
};

static void
walk_up(struct beneath_walk *walk)
{
	close(walk->directories[--walk->depth]);
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
	if ((size_t)len >= sizeof walk->rest) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
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
	int fd;

	if (strcmp(name, "..") == 0) {
		if (walk->depth == 1) {
			errno = EXDEV;
			return -1;
		}
		walk_up(walk);
		return 0;
	}
	if (walk->depth == DEPTH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(
	    walk->directories[walk->depth - 1], name, OPEN_FLAGS | O_NOFOLLOW);
	if (fd == -1 && (errno == ELOOP || errno == EMLINK))
		return walk_link(walk, name);
	if (fd == -1)
		return -1;
	walk->directories[walk->depth++] = fd;
	return 1;
}

int
beneath_walk(int root, const char *path)
{
	struct beneath_walk walk = { .directories = { root }, .depth = 1 };
	char name[NAME_MAX + 2];
	bool wants_directory;
	int fd = -1, error;

	if ((size_t)snprintf(walk.rest, sizeof walk.rest, "%s", path) >=
	    sizeof walk.rest) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (path[0] == '/') {
		errno = EXDEV;
		return -1;
	}
	wants_directory = str_ends(str_of(path), STR("/"));
	while (walk_component(&walk, name))
		if (walk_step(&walk, name) == -1)
			goto done;
	if (walk.depth == 1) {
		fd = openat(root, ".", OPEN_FLAGS);
	} else {
		struct stat st;

		fd = walk.directories[--walk.depth];
		if (wants_directory &&
		    (fstat(fd, &st) == -1 || !S_ISDIR(st.st_mode))) {
			close(fd);
			fd = -1;
			errno = ENOTDIR;
		}
	}
done:
	error = errno;
	while (walk.depth > 1)
		walk_up(&walk);
	errno = error;
	return fd;
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
