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

/* A directory entry that a visitor may see. */
struct directory_entry {
	struct str name; /* any bytes but "/" and NUL */
	bool is_directory;
};

/*
 * The listing of a directory: directories first, each part in natural order.
 * All clients share it while the directory is unchanged.  It is read again
 * after some seconds, since a change of a file's mode does not change the
 * directory.  A large directory is read in steps, so that other clients do not
 * wait for it.
 */
struct directory {
	struct directory_entry *entries; /* valid once directory_more is 1 */
	size_t count;
	/* Private: */
	struct directory_work *work; /* NULL: finished or failed */
	int error; /* errno of the failure */
	struct directory_cache *cache;
	struct arena arena;
	struct stat st;
	int64_t took_us; /* reading time so far */
	struct timespec until; /* when it is read again */
	size_t users;
};

#define DIRECTORY_CACHE_SLOTS 8

/* The directories that were read last.  One for each process; zeroed. */
struct directory_cache {
	struct directory *slots[DIRECTORY_CACHE_SLOTS];
	size_t next; /* slot to fill */
	size_t held; /* bytes of all directories, also of those in use */
};

/*
 * Reads the directory `path` (decoded, with its final slash), open as `entry`,
 * which is borrowed.  Names that are hidden, lead out of the tree or are
 * neither file nor directory are left out.  A name that cannot be examined at
 * the moment is listed.  Returns STATUS_SUCCESS and a directory, to be released
 * with directory_close, whose reading has begun and may need directory_more;
 * STATUS_UNAVAILABLE when too many large directories are in use; or
 * STATUS_FAILURE.
 */
MUST_USE enum status
directory_open(struct directory_cache *cache, const struct tree *tree,
    struct str path, const struct entry *entry, struct directory **out);

/*
 * Continues the reading for a millisecond or two.  Returns 1 when the entries
 * are there, 0 when there is more to do, or -1 with errno set, then and at each
 * later call.
 */
MUST_USE int directory_more(struct directory *directory);
void directory_close(struct directory *directory);

/* The directory `path`, open as `fd`, for directory_shows. */
struct directory_place {
	const struct tree *tree;
	struct str path;
	int fd;
};

/*
 * Whether a visitor may see the entry `found` of readdir(3), and whether it is
 * a directory.  Returns 1; 0 when it is hidden, gone, leads out of the tree or
 * is neither file nor directory; or -1 with errno set: EACCES when it may not
 * be read, another error when it could not be examined.
 */
MUST_USE int directory_shows(const struct directory_place *place,
    const struct dirent *found, bool *is_directory);

/* Empties the cache. */
void directory_cache_release(struct directory_cache *cache);

/*
 * Sets the title of a page: its first heading, if the page is gemtext and has a
 * heading within its first 4 KiB.  `title` lives in the arena; empty otherwise.
 */
void directory_title(const struct tree *tree, struct arena *arena,
    struct str path, struct str name, struct str *title);

#endif
