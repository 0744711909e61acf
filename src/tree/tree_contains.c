/* Finds the tree that a path of the file system is in. */
#include "tree/tree_contains.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/process.h"

/* Levels of directories that are examined. */
#define DEPTH_MAX 4096

/* Opens the directory `path`, or its parent if it does not exist. */
static int
open_or_above(const char *path)
{
	char above[PATH_MAX];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd != -1 || errno != ENOENT ||
	    (size_t)snprintf(above, sizeof above, "%s", path) >= sizeof above)
		return fd;
	return open(dirname(above), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
is_identical(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The roots to look for, and the one that was found. */
struct ascent {
	const struct stat *roots;
	size_t count;
	size_t which; /* the root that was found */
};

static bool
is_root(struct ascent *ascent, const struct stat *st)
{
	for (size_t i = 0; i < ascent->count; i++)
		if (is_identical(st, &ascent->roots[i])) {
			ascent->which = i;
			return true;
		}
	return false;
}

/*
 * Goes up from `fd`, which it closes, to a root or the top of the file system.
 */
static int
climb(int fd, struct ascent *ascent)
{
	struct stat here, above;

	for (int i = 0; i < DEPTH_MAX && fd != -1; i++) {
		int next = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool failed = next == -1 || fstat(fd, &here) == -1 ||
		    fstat(next, &above) == -1;
		bool found = !failed && is_root(ascent, &here);

		close(fd);
		fd = next;
		if (failed)
			break;
		if (found || is_identical(&here, &above)) {
			close(fd);
			return found;
		}
	}
	process_close(fd);
	return -1;
}

int
tree_contains(const struct tree *tree, const char *path)
{
	struct stat root;
	size_t which;

	if (fstat(tree->root, &root) == -1)
		return -1;
	return tree_contains_which(&root, 1, path, &which);
}

int
tree_contains_which(
    const struct stat *roots, size_t count, const char *path, size_t *which)
{
	struct ascent ascent = { .roots = roots, .count = count };
	int result = climb(open_or_above(path), &ascent);

	*which = ascent.which;
	return result;
}
