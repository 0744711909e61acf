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
#include <time.h>
#include <unistd.h>

#include "sys/log.h"
#include "text/gemtext.h"
#include "text/mime.h"

#define TITLE_SAMPLE 4096
/* Names, and the arena's own growth: a million entries of usual length. */
#define DIRECTORY_MEMORY ((size_t)128 << 20)
/* Memory in use above which no other directory is read. */
#define HELD_MAX ((size_t)128 << 20)
/* A clock that ticks slower than this is unheard of. */
#define SETTLED_SECONDS 3

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

/* Where names are read. */
struct place {
	const struct tree *tree;
	struct str path;
	int fd;
};

/* Whether `name` is to be shown, and as what. */
static bool
is_visible(const struct place *place, struct dirent *found, bool *is_directory)
{
	struct str name = str_of(found->d_name);
	struct entry entry;

	if (!tree_shows(name))
		return false;
	*is_directory = found->d_type == DT_DIR;
	if (found->d_type == DT_DIR || found->d_type == DT_REG)
		return faccessat(place->fd, found->d_name, R_OK, AT_EACCESS) ==
		    0;
	/* A link, or a file system that does not say: look where it leads. */
	if ((found->d_type != DT_LNK && found->d_type != DT_UNKNOWN) ||
	    tree_open_in(place->tree, place->path, name, &entry) !=
		STATUS_SUCCESS)
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

/* Reads every name; -1, with errno set, when it had to stop before. */
static int
read_names(struct growth *growth, const struct place *place, DIR *stream)
{
	struct dirent *found;
	bool is_directory;

	/* The end and a failure look alike, but for errno. */
	while (errno = 0, (found = readdir(stream)) != NULL)
		if (is_visible(place, found, &is_directory) &&
		    append(growth, str_of(found->d_name), is_directory) == -1) {
			errno = ENOMEM;
			return -1;
		}
	return errno == 0 ? 0 : -1;
}

static enum status
read_entries(struct directory *directory, const struct tree *tree,
    struct str path, const struct entry *entry)
{
	struct growth growth = { .arena = &directory->arena };
	/* A descriptor of its own: its place in the directory is its own. */
	int fd = openat(entry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd != -1 ? fdopendir(fd) : NULL;
	const struct place place = { tree, path, fd };
	bool failed =
	    stream == NULL || read_names(&growth, &place, stream) == -1;

	if (failed)
		log_line(
		    LOG_LEVEL_ERROR, "tree: cannot list: %s", strerror(errno));
	if (stream != NULL)
		closedir(stream);
	else if (fd != -1)
		close(fd);
	if (failed)
		return STATUS_FAILURE;
	if (growth.count > 0)
		qsort(growth.entries, growth.count, sizeof *growth.entries,
		    in_order);
	directory->entries = growth.entries;
	directory->count = growth.count;
	return STATUS_SUCCESS;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static struct directory *
find(const struct directory_cache *cache, const struct stat *st)
{
	for (size_t i = 0; i < DIRECTORY_CACHE_SLOTS; i++) {
		struct directory *known = cache->slots[i];

		if (known != NULL && known->st.st_ino == st->st_ino &&
		    known->st.st_dev == st->st_dev &&
		    is_same_time(&known->st.st_mtim, &st->st_mtim) &&
		    is_same_time(&known->st.st_ctim, &st->st_ctim))
			return known;
	}
	return NULL;
}

/*
 * Two changes within one tick of the file system's clock look like one, so
 * a directory that has just changed is not remembered.
 */
static void
remember(struct directory_cache *cache, struct directory *directory)
{
	struct directory **slot = &cache->slots[cache->next];

	if (time(NULL) - directory->st.st_ctim.tv_sec < SETTLED_SECONDS)
		return;
	if (*slot != NULL)
		directory_close(*slot);
	*slot = directory;
	directory->users++;
	cache->next = (cache->next + 1) % DIRECTORY_CACHE_SLOTS;
}

enum status
directory_open(struct directory_cache *cache, const struct tree *tree,
    struct str path, const struct entry *entry, struct directory **out)
{
	struct directory *directory = find(cache, &entry->st);
	enum status status;

	*out = directory;
	if (directory != NULL) {
		directory->users++;
		return STATUS_SUCCESS;
	}
	if (cache->held > HELD_MAX)
		return STATUS_UNAVAILABLE;
	directory = calloc(1, sizeof *directory);
	if (directory == NULL)
		return STATUS_FAILURE;
	directory->cache = cache;
	directory->st = entry->st;
	directory->users = 1;
	arena_init(&directory->arena, DIRECTORY_MEMORY);
	status = read_entries(directory, tree, path, entry);
	cache->held += directory->arena.held;
	if (status != STATUS_SUCCESS) {
		directory_close(directory);
		return status;
	}
	remember(cache, directory);
	*out = directory;
	return STATUS_SUCCESS;
}

void
directory_close(struct directory *directory)
{
	if (--directory->users > 0)
		return;
	directory->cache->held -= directory->arena.held;
	arena_release(&directory->arena);
	free(directory);
}

void
directory_cache_release(struct directory_cache *cache)
{
	for (size_t i = 0; i < DIRECTORY_CACHE_SLOTS; i++) {
		if (cache->slots[i] != NULL)
			directory_close(cache->slots[i]);
		cache->slots[i] = NULL;
	}
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
