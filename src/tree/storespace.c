/* The space of a writable folder, and files left under construction there. */
#include "tree/storespace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "tree/beneath.h"
#include "tree/directory.h"
#include "tree/newfile.h"
#include "tree/versions.h"
#include "tree/walk.h"

/* Files in a folder under construction: one, and one that was being named. */
#define LEFT_MAX 8

/* The tree with all its files, those of hidden parts too. */
static struct tree
whole_of(const struct tree *tree)
{
	return (struct tree){ .root = tree->root };
}

static uint64_t
space_of(const struct walk_entry *met)
{
	char name[NAME_MAX + 1];
	struct stat st;
	uint64_t size = 0;

	snprintf(name, sizeof name, "%.*s", STR_ARG(met->name));
	if (met->type == DT_REG &&
	    fstatat(met->directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		size = (uint64_t)st.st_size;
	/* An empty file takes an inode. */
	return size / STORESPACE_UNIT * STORESPACE_UNIT + STORESPACE_UNIT;
}

int
storespace_used(
    const struct tree *tree, struct str path, uint64_t most, uint64_t *used)
{
	const struct tree whole = whole_of(tree);
	struct walk *walk = walk_open(&whole, path, true);
	struct walk_entry met;
	size_t count = 0;
	int got = -1;

	*used = 0;
	if (walk == NULL)
		return -1;
	while (*used <= most && (got = walk_next(walk, &met)) != 0) {
		count++;
		/*
		 * Folders without read permission have no uploads; but the
		 * start, the first name, must be there.
		 */
		if (got == -1 && (count == 2 || !beneath_is_absent(errno)))
			break;
		*used += got == 1 ? space_of(&met) : 0;
	}
	walk_close(walk);
	return got == -1 ? -1 : 0;
}

int
storespace_used_by_file(
    const struct tree *tree, struct str path, uint64_t *used)
{
	struct str name = path, above;
	struct directory names;
	char text[PATH_MAX];
	int fd;

	*used = 0;
	while (str_find(name, '/') < name.len)
		(void)str_cut(&name, '/');
	above = str_head(path, path.len - name.len);
	snprintf(text, sizeof text, "./%.*s", STR_ARG(above));
	fd = beneath_open(tree->root, text);
	if (fd == -1 || directory_names(fd, SIZE_MAX, &names) == -1) {
		process_close(fd);
		return -1;
	}
	snprintf(text, sizeof text, "%.*s", STR_ARG(name));
	for (size_t i = 0; i < names.count; i++) {
		const struct directory_entry *met = &names.entries[i];

		if (str_equals(met->name, name) ||
		    versions_number(met->name.at, text) > 0)
			*used +=
			    space_of(&(struct walk_entry){ .name = met->name,
				.type = met->type,
				.directory = fd });
	}
	directory_release(&names);
	close(fd);
	return 0;
}

/* Removes a folder under construction, and the files in it. */
static int
remove_folder(int above, const char *name)
{
	int fd = openat(
	    above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *names = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *met;

	if (names == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	for (int i = 0; i < LEFT_MAX && (met = readdir(names)) != NULL; i++)
		if (met->d_type != DT_DIR)
			(void)unlinkat(fd, met->d_name, 0);
	closedir(names);
	return unlinkat(above, name, AT_REMOVEDIR);
}

static int
remove_left(const struct walk_entry *met)
{
	char name[NAME_MAX + 1];

	snprintf(name, sizeof name, "%.*s", STR_ARG(met->name));
	if ((met->type != DT_REG && met->type != DT_DIR) ||
	    !newfile_is_left(met->directory, name))
		return 0;
	return met->type == DT_DIR ? remove_folder(met->directory, name)
				   : unlinkat(met->directory, name, 0);
}

int
storespace_clean(const struct tree *tree, struct str path)
{
	const struct tree whole = whole_of(tree);
	struct walk *walk = walk_open(&whole, path, true);
	struct walk_entry met;
	int got, error = 0;

	if (walk == NULL)
		return -1;
	while ((got = walk_next(walk, &met)) != 0)
		if (got == -1 || remove_left(&met) == -1)
			error = errno;
	walk_close(walk);
	errno = error;
	return error == 0 ? 0 : -1;
}
