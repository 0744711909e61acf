#ifndef TREE_DIRECTORY_H
#define TREE_DIRECTORY_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

/* Something in a directory that a visitor may see. */
struct directory_entry {
	struct str name; /* any bytes but "/" and NUL */
	bool is_directory;
};

/*
 * What a directory shows: directories first, each part in natural order.
 * Read for all who ask while it stays as it is, and again after some seconds:
 * what lies in it may have been opened or shut, which it does not tell.  A
 * large one is read in steps, so that nobody waits for it who did not ask.
 */
struct directory {
	struct directory_entry *entries; /* not before directory_more is 1 */
	size_t count;
	/* Below is this room's own. */
	struct directory_work *work; /* NULL: done, or given up */
	int error; /* errno of what ended it */
	struct directory_cache *cache;
	struct arena arena;
	struct stat st;
	int64_t took_us; /* its reading, so far */
	struct timespec until; /* it is read again */
	size_t users;
};

#define DIRECTORY_CACHE_SLOTS 8

/* The directories that were read last.  One for each process; zeroed. */
struct directory_cache {
	struct directory *slots[DIRECTORY_CACHE_SLOTS];
	size_t next; /* slot to be filled */
	size_t held; /* bytes of memory in all, of those in use too */
};

/*
 * Reads the directory `path` (decoded, with its final slash), open as
 * `entry`, which is borrowed.  Names that are hidden, lead out of the tree
 * or are neither file nor directory are left out.  Returns STATUS_SUCCESS
 * and a directory, to be given back with directory_close, whose reading has
 * begun and may have to be gone on with; STATUS_UNAVAILABLE when too many
 * large ones are in use, or STATUS_FAILURE.  A name that cannot be examined at
 * the moment is listed.
 */
MUST_USE enum status
directory_open(struct directory_cache *cache, const struct tree *tree,
    struct str path, const struct entry *entry, struct directory **out);

/*
 * Goes on with the reading, for a millisecond or two.  Returns 1 when the
 * entries are there, 0 when there is more to be done, or -1, from then on,
 * with errno set.
 */
MUST_USE int directory_more(struct directory *directory);
void directory_close(struct directory *directory);

/* Where names are read: the directory `path`, open as `fd`. */
struct directory_place {
	const struct tree *tree;
	struct str path;
	int fd;
};

/*
 * Whether a visitor may see what readdir(3) found there, and whether it is a
 * directory.  Returns 1, 0 when it is hidden, gone, leads out of the tree or
 * is neither file nor directory, or -1 with errno set: EACCES when it may not
 * be read, another error when it could not be examined.
 */
MUST_USE int directory_shows(const struct directory_place *place,
    const struct dirent *found, bool *is_directory);

/* Lets go of what is remembered. */
void directory_cache_release(struct directory_cache *cache);

/*
 * The title of a page: its first heading, when it is gemtext and has one
 * within its first 4 KiB.  `title` lives in the arena; empty otherwise.
 */
void directory_title(const struct tree *tree, struct arena *arena,
    struct str path, struct str name, struct str *title);

#endif
