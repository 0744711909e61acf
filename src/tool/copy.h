#ifndef TOOL_COPY_H
#define TOOL_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/manifest.h"
#include "text/str.h"

/*
 * The folder that a mirror is kept in.  Whatever the paths are and whatever
 * lies there, nothing is read, written or removed outside it: no symbolic
 * link is followed, and paths pass manifest_lists.  What is not yet a file of
 * the mirror lies in its own hidden folder, ".mirror", which no path can name
 * and no server shows.
 */
struct copy {
	int root, work, lock;
	const char *path; /* borrowed, for messages */
};

/*
 * Opens the folder, or makes it, for this process alone, and clears what an
 * interrupted one left.  Returns -1 with errno set; EWOULDBLOCK: another one
 * is at work there.
 */
MUST_USE int copy_open(struct copy *copy, const char *path);
void copy_close(struct copy *copy);

/* A file in the making, for reading and writing, by number; -1 with errno. */
MUST_USE int copy_part(struct copy *copy, unsigned number);

/*
 * Gives the file of that number, open as `fd`, borrowed, its time and its
 * name; what had that name is replaced at once, and a crash leaves either.
 * Returns -1 with errno set; ENOTDIR, EISDIR or ENOTEMPTY: something of another
 * kind is in the way.
 */
MUST_USE int copy_place(struct copy *copy, unsigned number, int fd,
    const struct manifest_file *file);

/* Forgets that file. */
void copy_drop(struct copy *copy, unsigned number);

/*
 * Whether the folder's file is the one described.  `trusted`: it was, when
 * it last had that size and time, so that they are enough to know.  Where
 * only the time is another, it is set.  Returns 1, 0, or -1 with errno set.
 */
MUST_USE int
copy_has(struct copy *copy, const struct manifest_file *file, bool trusted);

/*
 * The modification time of the file `path`, in seconds since 1970; 0 when there
 * is none.
 */
int64_t copy_time(struct copy *copy, struct str path);

/*
 * Whether something that is no folder has the path's name, so that it would
 * be lost.  Returns 1, 0, or -1 with errno set.
 */
MUST_USE int copy_holds(struct copy *copy, struct str path);

/*
 * Removes a file, and the folders that it leaves empty; one that is not
 * there is removed already.  Returns -1 with errno set.
 */
MUST_USE int copy_remove(struct copy *copy, struct str path);

/* A text in memory; `at` is to be freed. */
struct copy_text {
	char *at;
	size_t len;
};

/*
 * Small texts: the mirror's own ("known", in the hidden folder), and those
 * beside its files ("manifest"), for which copy_read takes a path.  It returns
 * 1 and a text, 0 when there is none, or -1 with errno set.
 */
enum copy_place {
	COPY_OWN,
	COPY_BESIDE
};

MUST_USE int copy_read(struct copy *copy, enum copy_place place,
    const char *name, struct copy_text *out);
MUST_USE int copy_write(struct copy *copy, enum copy_place place,
    const char *name, struct str text);

/*
 * Adds to one of the mirror's own, making it first if need be.  Returns -1
 * with errno set.
 */
MUST_USE int copy_append(struct copy *copy, const char *name, struct str text);

/* When one beside the files was written, in seconds since 1970; else 0. */
int64_t copy_written(struct copy *copy, const char *name);

MUST_USE int
copy_erase(struct copy *copy, enum copy_place place, const char *name);

/* All of an open file; -1 with errno set. */
MUST_USE int copy_load(int fd, struct copy_text *out);

#endif
