/*
 * Folders beneath an open one, without following links.
 */
#include "mirror/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/process.h"
#include "text/buf.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* About a million names. */
#define LIST_MAX ((size_t)256 << 20)

int
dir_enter(int dir, const char *name, bool make)
{
	int fd = openat(dir, name, FOLDER);

	if (fd == -1 && errno == ENOENT && make &&
	    (mkdirat(dir, name, 0777) == 0 || errno == EEXIST))
		fd = openat(dir, name, FOLDER);
	if (fd == -1 && (errno == ELOOP || errno == EMLINK))
		errno = ENOTDIR;
	return fd;
}

int
dir_parent(int root, struct str path, bool make, char name[NAME_MAX + 1])
{
	int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
	struct str part;

	while (dir != -1) {
		int next;

		part = str_cut(&path, '/');
		if (part.len > NAME_MAX) {
			errno = ENAMETOOLONG;
			process_close(dir);
			return -1;
		}
		memcpy(name, part.at, part.len);
		name[part.len] = '\0';
		if (path.len == 0)
			return dir;
		next = dir_enter(dir, name, make);
		process_close(dir);
		dir = next;
	}
	return -1;
}

/* Takes the last component off the path; false when that was all. */
static bool
climb(struct str *path)
{
	while (path->len > 0 && path->at[path->len - 1] != '/')
		path->len--;
	if (path->len == 0)
		return false;
	path->len--;
	return true;
}

int
dir_unlink(int root, struct str path, int flags)
{
	char name[NAME_MAX + 1];
	int dir = dir_parent(root, path, false, name);
	int result;

	if (dir == -1)
		return -1;
	result = unlinkat(dir, name, flags);
	process_close(dir);
	return result;
}

void
dir_prune(int root, struct str path)
{
	while (climb(&path))
		if (dir_unlink(root, path, AT_REMOVEDIR) == -1)
			return;
}

/* Listing. */

struct dir_listing {
	struct arena *arena;
	struct dir_list *out;
	size_t room;
};

static struct dir_entry *
add(struct dir_listing *listing, struct str folder, const char *name)
{
	struct dir_list *out = listing->out;
	struct str last = str_of(name);
	size_t len = folder.len + (folder.len > 0) + last.len;
	struct buf path = buf_in(listing->arena, len + 1);
	struct dir_entry *entries;

	if (path.overflow)
		return NULL;
	if (out->count == listing->room) {
		size_t room = listing->room == 0 ? 64 : 2 * listing->room;

		/* The old array stays in the arena, at the same cost. */
		entries = arena_alloc(listing->arena, room * sizeof *entries);
		if (entries == NULL)
			return NULL;
		if (out->count > 0)
			memcpy(entries, out->entries,
			    out->count * sizeof *entries);
		out->entries = entries;
		listing->room = room;
	}
	buf_add(&path, folder);
	if (folder.len > 0)
		buf_char(&path, '/');
	buf_add(&path, last);
	path.at[path.len] = '\0';
	out->entries[out->count] =
	    (struct dir_entry){ buf_str(&path), false, false, 0 };
	return &out->entries[out->count++];
}

static int
add_name(
    struct dir_listing *listing, int dir, struct str folder, const char *name)
{
	struct dir_entry *entry;
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	entry = add(listing, folder, name);
	if (entry == NULL) {
		errno = ENOMEM;
		return -1;
	}
	entry->is_folder = S_ISDIR(st.st_mode);
	entry->is_file = S_ISREG(st.st_mode);
	entry->size = (uint64_t)st.st_size;
	return 0;
}

/* Adds the content of an open folder, and closes it. */
static int
add_folder(struct dir_listing *listing, int dir, struct str path)
{
	DIR *names = dir != -1 ? fdopendir(dir) : NULL;
	const struct dirent *found = NULL;
	int result = 0, error;

	if (names == NULL) {
		process_close(dir);
		return -1;
	}
	do {
		errno = 0;
		found = readdir(names);
		if (found != NULL)
			result = add_name(listing, dir, path, found->d_name);
		else if (errno != 0)
			result = -1;
	} while (found != NULL && result == 0);
	error = errno;
	closedir(names);
	errno = error;
	return result;
}

/* Opens each folder from the root: depth then costs no descriptors. */
static int
open_beneath(int root, struct str path)
{
	char name[NAME_MAX + 1];
	int dir, fd;

	dir = dir_parent(root, path, false, name);
	if (dir == -1)
		return -1;
	fd = dir_enter(dir, name, false);
	process_close(dir);
	return fd;
}

static int
by_path(const void *a, const void *b)
{
	const struct dir_entry *one = a, *other = b;

	return strcmp(one->path.at, other->path.at);
}

int
dir_list(int root, struct arena *arena, struct dir_list *out)
{
	struct dir_listing listing = { .arena = arena, .out = out };

	*out = (struct dir_list){ 0 };
	if (add_folder(&listing, dir_enter(root, ".", false), STR("")) == -1)
		return -1;
	for (size_t i = 0; i < out->count; i++) {
		struct str path = out->entries[i].path;

		if (out->entries[i].is_folder &&
		    add_folder(&listing, open_beneath(root, path), path) == -1)
			return -1;
	}
	if (out->count > 0)
		qsort(out->entries, out->count, sizeof *out->entries, by_path);
	return 0;
}

static int
remove_content(int dir)
{
	struct dir_list list;
	struct arena arena;
	int result;

	arena_init(&arena, LIST_MAX);
	result = dir_list(dir, &arena, &list);
	for (size_t i = list.count; result == 0 && i-- > 0;)
		result = dir_unlink(dir, list.entries[i].path,
		    list.entries[i].is_folder ? AT_REMOVEDIR : 0);
	arena_release(&arena);
	return result;
}

int
dir_remove(int dir, const char *name)
{
	int fd = dir_enter(dir, name, false);
	int result;

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 && errno == ENOTDIR)
		return unlinkat(dir, name, 0);
	if (fd == -1)
		return -1;
	result = remove_content(fd);
	process_close(fd);
	return result == 0 ? unlinkat(dir, name, AT_REMOVEDIR) : -1;
}
