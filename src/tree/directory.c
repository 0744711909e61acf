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

#include "sys/clock.h"
#include "sys/readable.h"
#include "text/gemtext.h"
#include "text/mime.h"
#include "tree/beneath.h"

#define TITLE_SAMPLE 4096
/* Names, and the arena's own growth: a million entries of usual length. */
#define DIRECTORY_MEMORY ((size_t)128 << 20)
/* Memory in use above which no other directory is read. */
#define HELD_MAX ((size_t)128 << 20)
/* A clock that ticks slower than this is unheard of. */
#define SETTLED_SECONDS 3
/* How long one is remembered: the longer the longer its reading took. */
#define REMEMBERED_MS 3000
#define REMEMBERED_TIMES 50

/* How long others wait for one step of the reading. */
#define STEP_MS 2
/* What is done without looking at the clock. */
#define NAMES_A_LOOK 64
#define ENTRIES_A_LOOK 512
/* Entries that are put in order at once, as they are read. */
#define RUN ((size_t)512)

/* Entries as they are read: a list that grew in one piece would be copied. */
struct directory_run {
	struct directory_run *next;
	size_t count;
	struct directory_entry entries[RUN];
};

/*
 * The work that is still to be done: all names are read, in runs that are put
 * in order and laid one behind the other, then the runs are merged, two into
 * one twice as long, until one is left.
 */
struct directory_work {
	struct directory_place place;
	DIR *stream; /* NULL: all are read */
	struct directory_run *runs; /* not laid down yet, newest first */

	struct directory_entry *merged; /* where the next longer runs grow */
	size_t run; /* entries of a run; 0: merging has not begun */
	size_t out; /* entries laid down, or merged in this pass */
	size_t left, right; /* the next one of either run */
};

static int
append(struct directory *directory, struct str name, bool is_directory)
{
	struct directory_work *work = directory->work;
	struct directory_run *run = work->runs;
	struct directory_entry *entry;

	if (run == NULL || run->count == RUN) {
		/* Not alloc: what is never used is not to be touched. */
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
	/* A link, or a file system that does not say: look where it leads. */
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

/* Reads some names; -1, with errno set, when it cannot go on. */
static int
read_names(struct directory *directory)
{
	struct directory_work *work = directory->work;
	bool is_directory;
	int shown;

	for (int i = 0; i < NAMES_A_LOOK; i++) {
		/* The end and a failure look alike, but for errno. */
		struct dirent *found = (errno = 0, readdir(work->stream));

		if (found == NULL && errno != 0)
			return -1;
		if (found == NULL) {
			closedir(work->stream);
			work->stream = NULL;
			break;
		}
		shown = directory_shows(&work->place, found, &is_directory);
		/* List a dead mount: a request for it tells the error. */
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

/* Room for the entries in one piece, and twice when there is to be merging. */
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
 * Puts the newest run in order, and before those that are laid down: only the
 * last place may hold a shorter one.
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

/* Merges some entries of the pass that is on. */
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

/* One step of the work; -1, with errno set, when it cannot go on. */
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

/* Lets go of what only the work needed. */
static void
end_work(struct directory *directory)
{
	struct directory_work *work = directory->work;

	if (work != NULL && work->stream != NULL)
		closedir(work->stream);
	free(work);
	directory->work = NULL;
}

/* Nobody else is to be given what could not be read whole. */
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
	/* What others do in between has nothing to do with it. */
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
	/* A descriptor of its own: its place in the directory is its own. */
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
	/* Most directories are done with the first step. */
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
