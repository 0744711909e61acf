/*
 * Iterates over the files of a tree in the order of their paths.  Its memory is
 * limited to the names of one branch.
 */
#include "tree/tour.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/arena.h"
#include "tree/beneath.h"
#include "tree/directory.h"

/* Bytes for the names in the open directories; a million names. */
#define NAMES_MAX ((size_t)64 << 20)

/*
 * An open directory.  Its names are a heap, the smallest first, so that no
 * single step has to sort all of them.
 */
struct tour_level {
	struct tour_level *above;
	DIR *stream; /* NULL: all names are read */
	size_t path_len; /* of the tour's path to this directory */
	struct arena arena; /* of the heap */
	const char **heap; /* names; those of directories end in a slash */
	size_t count, room;
};

struct tour {
	const struct tree *tree;
	struct tour_level *level; /* current directory; NULL: at the end */
	bool strict;
	size_t len; /* of `path` */
	char path[PATH_MAX + NAME_MAX + 2];
};

static struct str
here(const struct tour *tour)
{
	return (struct str){ tour->path, tour->level->path_len };
}

static bool
is_less(const struct tour_level *level, size_t i, size_t j)
{
	return strcmp(level->heap[i], level->heap[j]) < 0;
}

static void
swap_names(struct tour_level *level, size_t i, size_t j)
{
	const char *kept = level->heap[i];

	level->heap[i] = level->heap[j];
	level->heap[j] = kept;
}

/* Doubles the heap; the arena keeps the old array. */
static int
grow(struct tour_level *level)
{
	size_t room = level->room * 2 + 32;
	const char **larger = arena_alloc(&level->arena, room * sizeof *larger);

	if (larger == NULL)
		return -1;
	if (level->count > 0)
		memcpy(larger, level->heap, level->count * sizeof *larger);
	level->heap = larger;
	level->room = room;
	return 0;
}

static int
add_name(struct tour_level *level, struct str name, bool is_directory)
{
	char *copy = arena_alloc(&level->arena, name.len + 2);
	size_t i = level->count;

	if (copy == NULL || (i == level->room && grow(level) == -1)) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(copy, name.at, name.len);
	/* With the slash, "a.gmi" sorts before "a/b.gmi", as paths do. */
	if (is_directory)
		copy[name.len] = '/';
	level->heap[level->count++] = copy;
	while (i > 0 && is_less(level, i, (i - 1) / 2)) {
		swap_names(level, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
	return 0;
}

static struct str
take_name(struct tour_level *level)
{
	struct str least = str_of(level->heap[0]);
	size_t i = 0;

	level->heap[0] = level->heap[--level->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= level->count)
			return least;
		if (child + 1 < level->count &&
		    is_less(level, child + 1, child))
			child++;
		if (!is_less(level, child, i))
			return least;
		swap_names(level, i, child);
		i = child;
	}
}

static void
leave(struct tour *tour)
{
	struct tour_level *level = tour->level;

	tour->level = level->above;
	if (level->stream != NULL)
		closedir(level->stream);
	arena_release(&level->arena);
	free(level);
}

struct str
tour_path(const struct tour *tour)
{
	return (struct str){ tour->path + 1, tour->len - 1 };
}

/* Sets the path to a name in the current directory. */
static void
go_to(struct tour *tour, struct str name)
{
	size_t len = tour->level->path_len;

	memcpy(tour->path + len, name.at, name.len);
	tour->len = len + name.len;
}

/* Bytes of the names in all open directories. */
static size_t
held(const struct tour *tour)
{
	size_t bytes = 0;

	for (const struct tour_level *level = tour->level; level != NULL;
	     level = level->above)
		bytes += level->arena.held;
	return bytes;
}

/* Enters a directory; takes its descriptor. */
static int
push(struct tour *tour, const struct entry *entry)
{
	struct tour_level *level = calloc(1, sizeof *level);

	if (level != NULL)
		level->stream = fdopendir(entry->fd);
	if (level == NULL || level->stream == NULL) {
		int error = errno;

		free(level);
		close(entry->fd);
		errno = error;
		return -1;
	}
	level->above = tour->level;
	arena_init(&level->arena, NAMES_MAX - held(tour));
	level->path_len = tour->len;
	tour->level = level;
	return 0;
}

/* Whether the tour skips a name that could not be opened. */
static bool
passes_over(const struct tour *tour, enum status status)
{
	return status == STATUS_NOT_FOUND && (!tour->strict || errno != EACCES);
}

/* Enters the directory `path`, unless it no longer exists. */
static int
enter(struct tour *tour)
{
	struct entry entry;
	enum status status = tree_open(
	    tour->tree, (struct str){ tour->path, tour->len }, &entry);

	if (status != STATUS_SUCCESS)
		return passes_over(tour, status) ? 0 : -1;
	return push(tour, &entry);
}

/*
 * Like directory_shows, but hides links to directories: their files are found
 * under their own paths, or the links form a loop.
 */
static int
leads_on(const struct tour *tour, const struct directory_place *place,
    const struct dirent *found, bool *is_directory)
{
	int shown = directory_shows(place, found, is_directory);
	struct stat st;

	if (shown == -1 && errno == EACCES && !tour->strict)
		return 0;
	if (shown != 1 || !*is_directory || found->d_type == DT_DIR)
		return shown;
	if (found->d_type == DT_LNK)
		return 0;
	if (fstatat(place->fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return beneath_is_absent(errno) ? 0 : -1;
	return !S_ISLNK(st.st_mode);
}

/* Reads one name of the current directory. */
static int
read_name(struct tour *tour)
{
	struct tour_level *level = tour->level;
	const struct directory_place place = { tour->tree, here(tour),
		dirfd(level->stream) };
	const struct dirent *found;
	bool is_directory;
	int shown;

	errno = 0;
	found = readdir(level->stream);
	if (found == NULL && errno != 0)
		return -1;
	if (found == NULL) {
		closedir(level->stream);
		level->stream = NULL;
		return 0;
	}
	shown = leads_on(tour, &place, found, &is_directory);
	if (shown == -1)
		go_to(tour, str_of(found->d_name));
	if (shown != 1)
		return shown;
	return add_name(level, str_of(found->d_name), is_directory);
}

/* Opens the entry with the smallest name; returns 1 when it is a file. */
static int
step_to(struct tour *tour, struct tour_file *out)
{
	struct str directory = here(tour), name = take_name(tour->level);
	enum status status;

	go_to(tour, name);
	if (str_ends(name, STR("/")))
		return enter(tour);
	status = tree_open_in(tour->tree, directory, name, &out->entry);
	if (status != STATUS_SUCCESS)
		return passes_over(tour, status) ? 0 : -1;
	if (tree_is_directory(&out->entry)) {
		close(out->entry.fd);
		return 0;
	}
	out->path = tour_path(tour);
	return 1;
}

struct tour *
tour_open(const struct tree *tree, struct str path, bool strict)
{
	struct tour *tour =
	    path.len < PATH_MAX ? calloc(1, sizeof *tour) : NULL;

	if (tour == NULL)
		return NULL;
	tour->tree = tree;
	tour->strict = strict;
	tour->len = path.len;
	memcpy(tour->path, path.at, path.len);
	if (enter(tour) == 0 && tour->level != NULL)
		return tour;
	free(tour);
	return NULL;
}

void
tour_close(struct tour *tour)
{
	if (tour == NULL)
		return;
	while (tour->level != NULL)
		leave(tour);
	free(tour);
}

int
tour_next(struct tour *tour, struct tour_file *out)
{
	int result = 0;

	while (result == 0 && tour->level != NULL) {
		if (tour->level->stream != NULL)
			result = read_name(tour);
		else if (tour->level->count > 0)
			result = step_to(tour, out);
		else
			leave(tour);
	}
	return result;
}
