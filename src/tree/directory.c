/* Reads directories in small steps, orders their entries and caches them. */
#include "tree/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/readable.h"
#include "text/gemtext.h"
#include "text/mime.h"
#include "tree/beneath.h"

#define TITLE_SAMPLE 4096
/* Names, and the arena's growth: a million entries of usual length. */
#define DIRECTORY_MEMORY ((size_t)128 << 20)
/* Memory in use above which no other directory is read. */
#define HELD_MAX ((size_t)128 << 20)
/* No file system clock ticks slower than this. */
#define SETTLED_SECONDS 3
/*
 * How long a directory is cached: a minimum, and a multiple of its reading time
 * in addition.
 */
#define REMEMBERED_MS 3000
#define REMEMBERED_TIMES 50

/* The longest step of a reading, which other clients have to wait for. */
#define STEP_MS 2
/* Work between two checks of the clock. */
#define NAMES_A_LOOK 64
#define ENTRIES_A_LOOK 512
/* Entries that are sorted at once, as they are read. */
#define RUN ((size_t)512)

/* A list of runs: an array that grew in one piece would be copied. */
struct directory_run {
	struct directory_run *next;
	size_t count;
	struct directory_entry entries[RUN];
};

/*
 * The remaining work.  Names are read in runs, each run is sorted and copied
 * into one array, and then pairs of runs are merged until one is left.
 */
struct directory_work {
	struct directory_place place;
	DIR *stream; /* NULL: all names are read */
	struct directory_run *runs; /* not in the array yet, newest first */

	struct directory_entry *merged; /* array of the merged runs */
	size_t run; /* entries of a run; 0: still reading */
	size_t out; /* entries copied, or merged in this pass */
	size_t left, right; /* the next entry of either run */
};

static int
append(struct directory *directory, struct str name, bool is_directory)
{
	struct directory_work *work = directory->work;
	struct directory_run *run = work->runs;
	struct directory_entry *entry;

	if (run == NULL || run->count == RUN) {
		/*
		 * Not arena_alloc, which would touch memory that is never used.
		 */
		run = (void *)arena_buffer(&directory->arena, sizeof *run);
		if (run == NULL)
			return -1;
		run->next = work->runs;
		run->count = 0;
		work->runs = run;
	}
	entry = &run->entries[run->count];
	entry->is_directory = is_directory;
	/* NUL-terminated, for the comparison. */
	if (arena_copy(&directory->arena, name, &entry->name) == -1)
		return -1;
	run->count++;
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
	if (!tree_shows(name))
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
	*is_directory = entry_is_directory(&entry);
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

/* Reads some names; -1 with errno set when the reading failed. */
static int
read_names(struct directory *directory)
{
	struct directory_work *work = directory->work;
	bool is_directory;
	int shown;

	for (int i = 0; i < NAMES_A_LOOK; i++) {
		/* readdir tells a failure from the end only by errno. */
		struct dirent *found = (errno = 0, readdir(work->stream));

		if (found == NULL && errno != 0)
			return -1;
		if (found == NULL) {
			closedir(work->stream);
			work->stream = NULL;
			break;
		}
		shown = directory_shows(&work->place, found, &is_directory);
		/*
		 * List a dead mount, so that a request for it reports the
		 * error.
		 */
		if (shown == 0 || (shown == -1 && errno == EACCES))
			continue;
		if (append(directory, str_of(found->d_name), is_directory) ==
		    -1) {
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

/*
 * Allocates the array of entries, and a second one if there is to be merging.
 */
static int
begin_merging(struct directory *directory)
{
	struct directory_work *work = directory->work;
	size_t pieces = directory->count > RUN ? 2 : 1;

	work->run = RUN;
	if (directory->count == 0)
		return 0;
	directory->entries = (void *)arena_buffer(&directory->arena,
	    pieces * directory->count * sizeof *directory->entries);
	if (directory->entries == NULL) {
		errno = ENOMEM;
		return -1;
	}
	work->merged = directory->entries + (pieces - 1) * directory->count;
	return 0;
}

/*
 * Sorts the newest run and copies it in front of the others, so that only the
 * last run may be shorter.
 */
static void
lay_down(struct directory *directory)
{
	struct directory_work *work = directory->work;
	struct directory_run *run = work->runs;

	qsort(run->entries, run->count, sizeof *run->entries, in_order);
	work->out += run->count;
	memcpy(directory->entries + directory->count - work->out, run->entries,
	    run->count * sizeof *run->entries);
	work->runs = run->next;
	if (work->runs == NULL)
		work->out = 0;
}

static size_t
sooner(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Merges some entries of the current pass. */
static void
merge_entries(struct directory *directory)
{
	struct directory_work *work = directory->work;
	const struct directory_entry *from = directory->entries;
	size_t count = directory->count;

	for (int i = 0; i < ENTRIES_A_LOOK && work->out < count; i++) {
		size_t pair = work->out - work->out % (2 * work->run);
		size_t middle = sooner(pair + work->run, count);
		size_t end = sooner(pair + 2 * work->run, count);

		if (work->out == pair) {
			work->left = pair;
			work->right = middle;
		}
		if (work->right == end ||
		    (work->left < middle &&
			in_order(&from[work->left], &from[work->right]) <= 0))
			work->merged[work->out++] = from[work->left++];
		else
			work->merged[work->out++] = from[work->right++];
	}
	if (work->out == count) {
		struct directory_entry *longer = work->merged;

		work->merged = directory->entries;
		directory->entries = longer;
		work->run *= 2;
		work->out = 0;
	}
}

/* One step of the work; -1 with errno set when it failed. */
static int
step(struct directory *directory)
{
	struct directory_work *work = directory->work;

	if (work->stream != NULL)
		return read_names(directory);
	if (work->run == 0)
		return begin_merging(directory);
	if (work->runs != NULL)
		lay_down(directory);
	else
		merge_entries(directory);
	return 0;
}

static bool
is_done(const struct directory *directory)
{
	const struct directory_work *work = directory->work;

	return work == NULL ||
	    (work->run >= directory->count && work->run > 0 &&
		work->runs == NULL);
}

/* Releases the memory and the stream of the work. */
static void
end_work(struct directory *directory)
{
	struct directory_work *work = directory->work;

	if (work != NULL && work->stream != NULL)
		closedir(work->stream);
	free(work);
	directory->work = NULL;
}

/* Removes from the cache a directory that could not be read whole. */
static void
forget(struct directory_cache *cache, struct directory *directory)
{
	for (size_t i = 0; i < DIRECTORY_CACHE_SLOTS; i++)
		if (cache->slots[i] == directory) {
			cache->slots[i] = NULL;
			directory->users--;
		}
}

int
directory_more(struct directory *directory)
{
	struct directory_cache *cache = directory->cache;
	struct timespec began = clock_now(), end = clock_in(STEP_MS);
	size_t held = directory->arena.held;
	int error = directory->error;

	while (error == 0 && !is_done(directory)) {
		if (step(directory) == -1)
			error = errno;
		if (clock_until_ms(&end) == 0)
			break;
	}
	/* Count the time of this step only, not the time between steps. */
	directory->took_us += clock_since_us(&began);
	cache->held += directory->arena.held - held;
	if (error != 0 && directory->error == 0) {
		tree_log_failure(
		    "cannot list", error, directory->work->place.path);
		forget(cache, directory);
	}
	directory->error = error;
	if (directory->work != NULL && is_done(directory))
		directory->until = clock_in(REMEMBERED_MS +
		    (unsigned)(REMEMBERED_TIMES * directory->took_us / 1000));
	if (error != 0 || is_done(directory))
		end_work(directory);
	errno = error;
	return error != 0 ? -1 : directory->work == NULL;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_as_it_was(const struct directory *known, const struct stat *st)
{
	return known->st.st_ino == st->st_ino &&
	    known->st.st_dev == st->st_dev &&
	    is_same_time(&known->st.st_mtim, &st->st_mtim) &&
	    is_same_time(&known->st.st_ctim, &st->st_ctim);
}

static struct directory *
find(struct directory_cache *cache, const struct stat *st)
{
	for (size_t i = 0; i < DIRECTORY_CACHE_SLOTS; i++) {
		struct directory *known = cache->slots[i];

		if (known == NULL || !is_as_it_was(known, st))
			continue;
		if (known->work != NULL || clock_until_ms(&known->until) > 0)
			return known;
		cache->slots[i] = NULL;
		directory_close(known);
	}
	return NULL;
}

/*
 * Two changes within one tick of the file system's clock look like one, so a
 * directory that has just changed is not cached.
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

/* Begins to read the directory open as `fd`; -1 with errno set. */
static int
begin_work(struct directory *directory, const struct tree *tree,
    struct str path, int fd)
{
	struct directory_work *work = calloc(1, sizeof *work);

	directory->work = work;
	if (work == NULL)
		return -1;
	work->place.tree = tree;
	if (arena_copy(&directory->arena, path, &work->place.path) == -1) {
		errno = ENOMEM;
		return -1;
	}
	/* Open again: a duplicate would share the position in the directory. */
	work->place.fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	work->stream = work->place.fd != -1 ? fdopendir(work->place.fd) : NULL;
	if (work->stream == NULL && work->place.fd != -1)
		close(work->place.fd);
	return work->stream == NULL ? -1 : 0;
}

static struct directory *
directory_new(struct directory_cache *cache, const struct stat *st)
{
	struct directory *directory = calloc(1, sizeof *directory);

	if (directory == NULL)
		return NULL;
	directory->cache = cache;
	directory->st = *st;
	directory->users = 1;
	arena_init(&directory->arena, DIRECTORY_MEMORY);
	return directory;
}

enum status
directory_open(struct directory_cache *cache, const struct tree *tree,
    struct str path, const struct entry *entry, struct directory **out)
{
	struct directory *directory = find(cache, &entry->st);

	*out = directory;
	if (directory != NULL) {
		directory->users++;
		return STATUS_SUCCESS;
	}
	if (cache->held > HELD_MAX)
		return STATUS_UNAVAILABLE;
	directory = directory_new(cache, &entry->st);
	if (directory == NULL)
		return STATUS_FAILURE;
	if (begin_work(directory, tree, path, entry->fd) == -1) {
		directory->error = errno;
		tree_log_failure("cannot list", directory->error, path);
	}
	cache->held += directory->arena.held;
	/* Most directories are read in the first step. */
	if (directory_more(directory) == -1) {
		directory_close(directory);
		return STATUS_FAILURE;
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
	end_work(directory);
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
