/*
 * What is in a directory.  Knows names, their order and their titles; knows
 * nothing of how a listing looks.
 */
#include "tree/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/log.h"
#include "text/gemtext.h"
#include "text/mime.h"

#define TITLE_SAMPLE 4096

/* A list in the making: it doubles, and the arena keeps what it outgrew. */
struct growth {
	struct arena *arena;
	struct directory_entry *entries;
	size_t count, room;
};

static int
append(struct growth *growth, struct str name, bool is_directory)
{
	struct directory_entry *entry;

	if (growth->count == growth->room) {
		size_t room = growth->room == 0 ? 64 : growth->room * 2;
		struct directory_entry *larger =
		    arena_alloc(growth->arena, room * sizeof *larger);

		if (larger == NULL)
			return -1;
		if (growth->count > 0)
			memcpy(larger, growth->entries,
			    growth->count * sizeof *larger);
		growth->entries = larger;
		growth->room = room;
	}
	entry = &growth->entries[growth->count];
	entry->is_directory = is_directory;
	/* NUL-terminated, for the comparison. */
	if (arena_copy(growth->arena, name, &entry->name) == -1)
		return -1;
	growth->count++;
	return 0;
}

/* Whether `name` is to be shown, and as what. */
static bool
is_visible(const struct tree *tree, struct str path, struct dirent *found,
    bool *is_directory)
{
	struct str name = str_of(found->d_name);
	struct entry entry;

	if (!tree_shows(name))
		return false;
	*is_directory = found->d_type == DT_DIR;
	if (found->d_type == DT_DIR || found->d_type == DT_REG)
		return true;
	/* A link, or a file system that does not say: look where it leads. */
	if ((found->d_type != DT_LNK && found->d_type != DT_UNKNOWN) ||
	    tree_open_in(tree, path, name, &entry) != STATUS_SUCCESS)
		return false;
	*is_directory = entry_is_directory(&entry);
	close(entry.fd);
	return true;
}

static int
in_order(const void *left, const void *right)
{
	const struct directory_entry *a = left, *b = right;

	if (a->is_directory != b->is_directory)
		return a->is_directory ? -1 : 1;
	return strverscmp(a->name.at, b->name.at);
}

enum status
directory_read(struct directory *directory, const struct tree *tree,
    struct arena *arena, struct str path, const struct entry *entry)
{
	struct growth growth = { .arena = arena };
	struct dirent *found;
	bool is_directory;
	/* A descriptor of its own: its place in the directory is its own. */
	int fd = openat(entry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd != -1 ? fdopendir(fd) : NULL;

	if (stream == NULL) {
		log_line(
		    LOG_LEVEL_ERROR, "tree: cannot list: %s", strerror(errno));
		if (fd != -1)
			close(fd);
		return STATUS_FAILURE;
	}
	while ((found = readdir(stream)) != NULL)
		if (is_visible(tree, path, found, &is_directory) &&
		    append(&growth, str_of(found->d_name), is_directory) ==
			-1) {
			closedir(stream);
			return STATUS_FAILURE;
		}
	closedir(stream);
	if (growth.count > 0)
		qsort(growth.entries, growth.count, sizeof *growth.entries,
		    in_order);
	*directory = (struct directory){ growth.entries, growth.count };
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
	got = entry_is_directory(&entry)
	    ? -1
	    : pread(entry.fd, sample, sizeof sample, 0);
	close(entry.fd);
	if (got > 0 &&
	    arena_copy(arena,
		gemtext_title((struct str){ sample, (size_t)got }),
		title) == -1)
		*title = (struct str){ 0 };
}
