/* Reads directories and orders their entries. */
#include "tree/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/readable.h"
#include "text/buf.h"
#include "text/gemtext.h"
#include "text/mime.h"
#include "tree/beneath.h"

#define TITLE_SAMPLE 4096
/* Names, and the arena's growth: a million entries of usual length. */
#define DIRECTORY_MEMORY ((size_t)128 << 20)
/* Memory in use above which no other directory is read. */
#define HELD_MAX ((size_t)128 << 20)
/* The first size of the array of entries. */
#define ROOM_FIRST 32

/* Bytes of all listings in use by this process. */
static size_t held;

/* Makes room for another entry; the arena keeps the old array. */
static int
grow(struct directory *directory)
{
	size_t room = 2 * directory->room + ROOM_FIRST;
	struct directory_entry *larger;

	if (directory->count < directory->room)
		return 0;
	/* Not arena_alloc, which would touch memory that is never used. */
	larger = (void *)arena_buffer(&directory->arena, room * sizeof *larger);
	if (larger == NULL)
		return -1;
	if (directory->count > 0)
		memcpy(larger, directory->entries,
		    directory->count * sizeof *larger);
	directory->entries = larger;
	directory->room = room;
	return 0;
}

unsigned char
directory_type(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? (unsigned char)IFTODT(st.st_mode)
	    : DT_UNKNOWN;
}

static int
append(struct directory *directory, int fd, const struct dirent *found)
{
	struct directory_entry *entry;

	errno = ENOMEM;
	if (grow(directory) == -1)
		return -1;
	entry = &directory->entries[directory->count];
	if (arena_copy(
		&directory->arena, str_of(found->d_name), &entry->name) == -1)
		return -1;
	/* Not every file system reports the type with the name. */
	entry->type = found->d_type != DT_UNKNOWN
	    ? found->d_type
	    : directory_type(fd, found->d_name);
	directory->count++;
	return 0;
}

/* A longer name is not served, and has no room in a path: see walk.c. */
static bool
is_passed_over(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strlen(name) > NAME_MAX;
}

static int
read_names(DIR *stream, size_t most, struct directory *out)
{
	const struct dirent *found;

	/* readdir tells a failure from the end only by errno. */
	while ((errno = 0, found = readdir(stream)) != NULL) {
		if (is_passed_over(found->d_name))
			continue;
		errno = E2BIG;
		if (out->count == most ||
		    append(out, dirfd(stream), found) == -1)
			return -1;
	}
	return errno == 0 ? 0 : -1;
}

static DIR *
open_stream(int fd)
{
	/* Open again: a duplicate would share the position in the directory. */
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = own != -1 ? fdopendir(own) : NULL;

	if (stream == NULL && own != -1)
		close(own);
	return stream;
}

int
directory_names(int fd, size_t most, struct directory *out)
{
	int error = 0;
	DIR *stream;

	*out = (struct directory){ 0 };
	if (held > HELD_MAX) {
		errno = EBUSY;
		return -1;
	}
	arena_init(&out->arena, DIRECTORY_MEMORY);
	stream = open_stream(fd);
	if (stream == NULL || read_names(stream, most, out) == -1)
		error = errno;
	if (stream != NULL)
		closedir(stream);
	held += out->arena.held;
	if (error != 0)
		directory_release(out);
	errno = error;
	return error == 0 ? 0 : -1;
}

void
directory_release(struct directory *directory)
{
	held -= directory->arena.held;
	arena_release(&directory->arena);
}

/*
 * Opens an entry. Unlike tree_open_in, this logs no lack of permission: a
 * listing would do so for each of its entries.
 */
static enum status
open_entry(
    const struct directory_place *place, struct str name, struct entry *out)
{
	char text[PATH_MAX + NAME_MAX + 1];
	struct buf path = buf_over(text, sizeof text);

	buf_add(&path, place->path);
	buf_add(&path, name);
	errno = ENAMETOOLONG;
	return path.overflow ? STATUS_NOT_FOUND
			     : tree_find(place->tree, buf_str(&path), out);
}

/*
 * Whether a visitor may see an entry, which gets the type of its target. One
 * that cannot be examined, such as a dead mount, is listed: a request for it
 * reports the error.
 */
static bool
shows(const struct directory_place *place, struct directory_entry *entry)
{
	bool is_plain = entry->type == DT_DIR || entry->type == DT_REG;
	struct entry target;

	if (!tree_shows(place->tree, entry->name))
		return false;
	/*
	 * With zones even such an entry is opened: the path of the directory
	 * may have links, and the zone is known from the path without them.
	 */
	if (is_plain && place->tree->zones == NULL)
		return readable_at(place->fd, entry->name.at, R_OK) == 0 ||
		    !beneath_is_absent(errno);
	if (!is_plain && entry->type != DT_LNK && entry->type != DT_UNKNOWN)
		return false;
	if (open_entry(place, entry->name, &target) != STATUS_SUCCESS) {
		entry->type = is_plain ? entry->type : DT_REG;
		return !beneath_is_absent(errno);
	}
	entry->type = tree_is_directory(&target) ? DT_DIR : DT_REG;
	close(target.fd);
	return true;
}

static int
in_order(const void *left, const void *right)
{
	const struct directory_entry *a = left, *b = right;

	if (a->type != b->type)
		return a->type == DT_DIR ? -1 : 1;
	return strverscmp(a->name.at, b->name.at);
}

enum status
directory_read(
    const struct directory_place *place, size_t most, struct directory *out)
{
	size_t shown = 0;

	if (directory_names(place->fd, most, out) == -1) {
		if (errno == E2BIG)
			return STATUS_TOO_LARGE;
		if (errno == EBUSY)
			return STATUS_UNAVAILABLE;
		tree_log_failure("cannot list", errno, place->path);
		return STATUS_FAILURE;
	}
	for (size_t i = 0; i < out->count; i++)
		if (shows(place, &out->entries[i]))
			out->entries[shown++] = out->entries[i];
	out->count = shown;
	if (shown > 0)
		qsort(out->entries, shown, sizeof *out->entries, in_order);
	return STATUS_SUCCESS;
}

void
directory_title(const struct tree *tree, struct arena *arena, struct str path,
    struct str name, struct str *title)
{
	char sample[TITLE_SAMPLE];
	struct entry entry;
	ssize_t got;

	*title = (struct str){ 0 };
	if (!mime_is(mime_of_name(name), STR("text/gemini")) ||
	    tree_open_in(tree, path, name, &entry) != STATUS_SUCCESS)
		return;
	got = tree_is_directory(&entry)
	    ? -1
	    : pread(entry.fd, sample, sizeof sample, 0);
	close(entry.fd);
	if (got > 0 &&
	    arena_copy(arena,
		gemtext_title((struct str){ sample, (size_t)got }),
		title) == -1)
		*title = (struct str){ 0 };
}
