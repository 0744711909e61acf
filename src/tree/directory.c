/* Reads directories and orders their entries. */
#include "tree/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/readable.h"
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

static int
append(struct directory *directory, const char *name, bool is_directory)
{
	struct directory_entry *entry;

	errno = ENOMEM;
	if (grow(directory) == -1)
		return -1;
	entry = &directory->entries[directory->count];
	entry->is_directory = is_directory;
	if (arena_copy(&directory->arena, str_of(name), &entry->name) == -1)
		return -1;
	directory->count++;
	return 0;
}

/* The result of directory_shows for a name that could not be examined. */
static int
not_shown(int error)
{
	errno = error;
	return error != EACCES && beneath_is_absent(error) ? 0 : -1;
}

int
directory_shows(const struct directory_place *place, const struct dirent *found,
    bool *is_directory)
{
	struct str name = str_of(found->d_name);
	struct entry entry;

	*is_directory = found->d_type == DT_DIR;
	if (!tree_shows(place->tree, name))
		return 0;
	if (found->d_type == DT_DIR || found->d_type == DT_REG)
		return readable_at(place->fd, found->d_name, R_OK) == 0
		    ? 1
		    : not_shown(errno);
	/* A link, or a file system without types: examine the target. */
	if (found->d_type != DT_LNK && found->d_type != DT_UNKNOWN)
		return 0;
	if (tree_open_in(place->tree, place->path, name, &entry) !=
	    STATUS_SUCCESS)
		return not_shown(errno);
	*is_directory = tree_is_directory(&entry);
	close(entry.fd);
	return 1;
}

static int
in_order(const void *left, const void *right)
{
	const struct directory_entry *a = left, *b = right;

	if (a->is_directory != b->is_directory)
		return a->is_directory ? -1 : 1;
	return strverscmp(a->name.at, b->name.at);
}

/* Reads all names; -1 with errno set, E2BIG when there are too many. */
static int
read_names(const struct directory_place *place, size_t most, DIR *stream,
    struct directory *out)
{
	const struct dirent *found;
	bool is_directory;

	/* readdir tells a failure from the end only by errno. */
	while ((errno = 0, found = readdir(stream)) != NULL) {
		int shown;

		if (most-- == 0) {
			errno = E2BIG;
			break;
		}
		shown = directory_shows(place, found, &is_directory);
		/* List a dead mount: a request for it reports the error. */
		if (shown == 0 || (shown == -1 && errno == EACCES))
			continue;
		if (append(out, found->d_name, is_directory) == -1)
			break;
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

enum status
directory_read(
    const struct directory_place *place, size_t most, struct directory *out)
{
	int error = 0;
	DIR *stream;

	*out = (struct directory){ 0 };
	if (held > HELD_MAX)
		return STATUS_UNAVAILABLE;
	arena_init(&out->arena, DIRECTORY_MEMORY);
	stream = open_stream(place->fd);
	if (stream == NULL || read_names(place, most, stream, out) == -1)
		error = errno;
	if (stream != NULL)
		closedir(stream);
	held += out->arena.held;
	if (error == 0) {
		if (out->count > 0)
			qsort(out->entries, out->count, sizeof *out->entries,
			    in_order);
		return STATUS_SUCCESS;
	}
	directory_release(out);
	if (error == E2BIG)
		return STATUS_TOO_LARGE;
	tree_log_failure("cannot list", error, place->path);
	return STATUS_FAILURE;
}

void
directory_release(struct directory *directory)
{
	held -= directory->arena.held;
	arena_release(&directory->arena);
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
