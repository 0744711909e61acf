/* Visits every served file of a tree once. */
#include "tree/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "sys/readable.h"
#include "text/buf.h"
#include "tree/beneath.h"

/* Levels of directories; a descriptor is open for each. */
#define DEPTH_MAX 256

struct step {
	const struct walk *walk;
	char at[PATH_MAX]; /* the current path, with its final slash */
	size_t len;
	size_t depth;
};

/* Ignores a file that is gone or hidden; reports other failures. */
static int
fail(struct step *step)
{
	const struct walk *walk = step->walk;
	struct str path = { step->at, step->len };

	if (beneath_is_absent(errno))
		return 0;
	if (str_ends(path, STR("/")))
		path = str_head(path, path.len - 1);
	return walk->fail != NULL ? walk->fail(walk->context, path) : -1;
}

static int
visit(struct step *step, int directory, const char *name, bool is_link)
{
	const struct walk *walk = step->walk;
	struct walk_file file = { .name = str_of(name), .is_link = is_link };
	int fd, result, error;

	if (!is_link) {
		if (fstatat(directory, name, &file.st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    readable_at(directory, name, R_OK) == -1)
			return fail(step);
	} else {
		fd = beneath_open(walk->tree->root, step->at + 1);
		if (fd == -1 && beneath_is_absent(errno) &&
		    walk->dangle != NULL)
			return walk->dangle(
			    walk->context, (struct str){ step->at, step->len });
		if (fd == -1)
			return fail(step);
		result = fstat(fd, &file.st);
		error = errno;
		close(fd);
		errno = error;
		if (result == -1)
			return fail(step);
	}
	if (!S_ISREG(file.st.st_mode))
		return 0;
	file.path = (struct str){ step->at, step->len };
	return walk->visit(walk->context, &file);
}

static int walk_directory(struct step *step, int fd);

static int
enter(struct step *step, int directory, const char *name)
{
	int fd, result;

	if (step->depth == DEPTH_MAX || step->len + 2 > sizeof step->at)
		return 0;
	fd = openat(
	    directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return fail(step);
	step->at[step->len++] = '/';
	step->at[step->len] = '\0';
	step->depth++;
	result = walk_directory(step, fd);
	step->depth--;
	return result;
}

static int
meet(struct step *step, int directory, const char *met, unsigned char type)
{
	size_t len = step->len, name = strlen(met);
	struct stat st;
	int result = 0;

	if (!tree_shows(step->walk->tree, (struct str){ met, name }) ||
	    len + name + 1 > sizeof step->at)
		return 0;
	memcpy(step->at + len, met, name + 1);
	step->len += name;
	if (type == DT_UNKNOWN) {
		if (fstatat(directory, met, &st, AT_SYMLINK_NOFOLLOW) == 0)
			type = (unsigned char)IFTODT(st.st_mode);
		else
			result = fail(step);
	}
	if (type == DT_DIR)
		result = enter(step, directory, met);
	else if (type == DT_REG || type == DT_LNK)
		result = visit(step, directory, met, type == DT_LNK);
	step->len = len;
	step->at[len] = '\0';
	return result;
}

/* Walks a directory; takes `fd`. */
static int
walk_directory(struct step *step, int fd)
{
	const struct walk *walk = step->walk;
	DIR *stream = fdopendir(fd);
	struct dirent *found;
	int result = 0, error;

	if (stream == NULL) {
		close(fd);
		return -1;
	}
	if (walk->enter != NULL)
		result = walk->enter(
		    walk->context, step->len > 1 ? step->at + 1 : ".");
	while (result == 0) {
		errno = 0;
		found = readdir(stream);
		if (found == NULL) {
			result = errno != 0 ? fail(step) : 0;
			break;
		}
		result = meet(step, fd, found->d_name, found->d_type);
	}
	error = errno;
	closedir(stream);
	errno = error;
	return result;
}

int
walk_tree(const struct walk *walk)
{
	struct step step = { .walk = walk, .at = "/", .len = 1 };
	int fd =
	    openat(walk->tree->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? -1 : walk_directory(&step, fd);
}

int
walk_path(const struct walk *walk, const char *path)
{
	struct step step = { .walk = walk, .at = "/", .len = 1 };
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	int fd, result, error;

	if (path[0] == '\0')
		return walk_tree(walk);
	if (strlen(path) + 2 > sizeof step.at ||
	    !tree_shows_path(
		walk->tree, (struct str){ path, (size_t)(name - path) }))
		return 0;
	memcpy(step.at + 1, path, (size_t)(name - path));
	step.len += (size_t)(name - path);
	for (size_t i = 1; i < step.len; i++)
		step.depth += step.at[i] == '/';
	step.at[step.len] = '\0';
	fd = beneath_open(walk->tree->root, step.len > 1 ? step.at + 1 : ".");
	if (fd == -1)
		return fail(&step);
	result = meet(&step, fd, name, DT_UNKNOWN);
	error = errno;
	close(fd);
	errno = error;
	return result;
}
