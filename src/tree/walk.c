/* Iterates over the names of a tree. */
#include "tree/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/readable.h"
#include "tree/beneath.h"
#include "tree/directory.h"
#include "tree/zones.h"

/* Levels of directories; a descriptor is open for each. */
#define DEPTH_MAX 256

/* An open directory, and its names that are not visited yet. */
struct walk_level {
	struct walk_level *above;
	struct directory names;
	size_t next;
	size_t path_len; /* of the path to this directory */
	int fd; /* -1: above the start */
};

struct walk {
	const struct tree *tree;
	struct walk_level *level; /* NULL: at the end */
	size_t depth;
	bool hidden;
	bool enters; /* the last name is a directory, to be read */
	struct directory_entry start;
	size_t len; /* of `path` */
	char path[PATH_MAX + NAME_MAX + 2];
};

/* The byte of a path at an offset of its last name, or after that name. */
static int
byte_at(const struct directory_entry *entry, size_t at)
{
	if (at < entry->name.len)
		return (unsigned char)entry->name.at[at];
	return entry->type == DT_DIR ? '/' : '\0';
}

/* With its slash "a/" comes after "a.gmi", as "a/b" does. */
static int
in_order(const void *left, const void *right)
{
	const struct directory_entry *a = left, *b = right;
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = memcmp(a->name.at, b->name.at, len);

	return order != 0 ? order : byte_at(a, len) - byte_at(b, len);
}

/* Adds a level for the directory at walk->path; takes `fd`. */
static struct walk_level *
push(struct walk *walk, int fd)
{
	struct walk_level *level = calloc(1, sizeof *level);

	if (level == NULL) {
		process_close(fd);
		errno = ENOMEM;
		return NULL;
	}
	level->fd = fd;
	level->path_len = walk->len;
	level->above = walk->level;
	walk->level = level;
	walk->depth++;
	return level;
}

static void
leave(struct walk *walk)
{
	struct walk_level *level = walk->level;

	walk->level = level->above;
	walk->depth--;
	directory_release(&level->names);
	process_close(level->fd);
	free(level);
}

static struct str
path_of(const struct walk *walk)
{
	return (struct str){ walk->path, walk->len };
}

/*
 * Opens the directory at walk->path, not beneath its parent, which may have
 * been moved out of the tree. -1 with errno set.
 */
static int
open_directory(const struct walk *walk)
{
	errno = ENOENT;
	return tree_shows_path(walk->tree, path_of(walk))
	    ? tree_open_beneath(
		  walk->tree, walk->len > 1 ? walk->path + 1 : ".")
	    : -1;
}

/* Reads the directory at walk->path; -1 with errno set. */
static int
enter(struct walk *walk)
{
	struct walk_level *level;
	int error, fd;

	if (walk->depth > DEPTH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open_directory(walk);
	level = fd != -1 ? push(walk, fd) : NULL;
	if (level == NULL)
		return -1;
	if (directory_names(level->fd, SIZE_MAX, &level->names) == -1) {
		error = errno;
		leave(walk);
		errno = error;
		return -1;
	}
	if (level->names.count > 0)
		qsort(level->names.entries, level->names.count,
		    sizeof *level->names.entries, in_order);
	return 0;
}

/* Makes the start the only name of a level above it. */
static int
begin(struct walk *walk, struct str path)
{
	struct str name = path;
	struct walk_level *level;
	int fd = -1;

	while (str_find(name, '/') < name.len)
		(void)str_cut(&name, '/');
	walk->len = path.len - name.len;
	memcpy(walk->path, path.at, walk->len);
	walk->start = (struct directory_entry){ name, DT_DIR };
	if (name.len > 0) {
		fd = open_directory(walk);
		if (fd == -1)
			return -1;
		memcpy(walk->path + walk->len, name.at, name.len);
		walk->start.type = directory_type(fd, walk->path + walk->len);
	}
	level = push(walk, fd);
	if (level == NULL)
		return -1;
	level->names.entries = &walk->start;
	level->names.count = 1;
	return 0;
}

struct walk *
walk_open(const struct tree *tree, struct str path, bool hidden)
{
	struct walk *walk;
	int error;

	errno = ENAMETOOLONG;
	if (path.len >= PATH_MAX)
		return NULL;
	walk = calloc(1, sizeof *walk);
	if (walk == NULL)
		return NULL;
	walk->tree = tree;
	walk->hidden = hidden;
	if (begin(walk, path) == 0)
		return walk;
	error = errno;
	free(walk);
	errno = error;
	return NULL;
}

void
walk_close(struct walk *walk)
{
	int error = errno;

	if (walk == NULL)
		return;
	while (walk->level != NULL)
		leave(walk);
	free(walk);
	errno = error;
}

struct str
walk_path(const struct walk *walk)
{
	struct str path = path_of(walk);

	return str_ends(path, STR("/")) ? str_head(path, path.len - 1) : path;
}

/* Goes to a name of the current directory. */
static void
visit(struct walk *walk, const struct directory_entry *met,
    struct walk_entry *out)
{
	char *end = walk->path + walk->level->path_len;

	memmove(end, met->name.at, met->name.len);
	out->name = (struct str){ end, met->name.len };
	out->type = met->type;
	out->directory = walk->level->fd;
	end += met->name.len;
	if (met->type == DT_DIR && end[-1] != '/')
		*end++ = '/';
	*end = '\0';
	walk->len = (size_t)(end - walk->path);
	out->path = path_of(walk);
	walk->enters = met->type == DT_DIR && tree_shows(walk->tree, met->name);
}

int
walk_next(struct walk *walk, struct walk_entry *out)
{
	bool enters = walk->enters;

	walk->enters = false;
	if (enters && enter(walk) == -1)
		return -1;
	while (walk->level != NULL) {
		struct walk_level *level = walk->level;
		const struct directory_entry *met;

		if (level->next == level->names.count) {
			leave(walk);
			continue;
		}
		met = &level->names.entries[level->next++];
		if (!walk->hidden && !tree_shows(walk->tree, met->name))
			continue;
		visit(walk, met, out);
		if (zones_show(walk->tree->zones, walk->tree->own, out->path))
			return 1;
		walk->enters = false;
	}
	return 0;
}

int
walk_stat(
    const struct tree *tree, const struct walk_entry *met, struct stat *out)
{
	int fd, result;

	if (met->type != DT_LNK)
		return fstatat(met->directory, met->name.at, out,
			   AT_SYMLINK_NOFOLLOW) == -1
		    ? -1
		    : readable_at(met->directory, met->name.at, R_OK);
	/* It may lead out of the tree. */
	fd = tree_open_beneath(tree, met->path.at + 1);
	if (fd == -1)
		return -1;
	result = fstat(fd, out);
	process_close(fd);
	return result;
}

static bool
passes_over(int error, bool strict)
{
	return beneath_is_absent(error) && (!strict || error != EACCES);
}

/* Opens a file: 1, 0 when it is passed over, or -1 with errno set. */
static int
open_file(struct walk *walk, const struct walk_entry *met, bool strict,
    struct walk_file *out)
{
	if (met->type != DT_REG && met->type != DT_LNK &&
	    met->type != DT_UNKNOWN)
		return 0;
	if (tree_find(walk->tree, met->path, &out->entry) != STATUS_SUCCESS)
		return passes_over(errno, strict) ? 0 : -1;
	if (tree_is_directory(&out->entry)) {
		close(out->entry.fd);
		return 0;
	}
	out->path = str_tail(met->path, 1);
	return 1;
}

int
walk_next_file(struct walk *walk, bool strict, struct walk_file *out)
{
	struct walk_entry met;
	int result = 0, error;

	while (result == 0) {
		int found = walk_next(walk, &met);

		if (found == 0)
			return 0;
		if (found == 1)
			result = open_file(walk, &met, strict, out);
		else if (!passes_over(errno, strict)) {
			error = errno;
			tree_log_failure("cannot open", error, path_of(walk));
			errno = error;
			return -1;
		}
	}
	return result;
}
