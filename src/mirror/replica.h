#ifndef MIRROR_REPLICA_H
#define MIRROR_REPLICA_H

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
struct replica {
	int root, work, lock;
	const char *path; /* borrowed, for messages */
};

/*
 * Opens the folder, or makes it, for this process alone, and clears what an
 * interrupted one left.  Returns -1 with errno set; EWOULDBLOCK: another one
 * is at work there.
 */
MUST_USE int replica_open(struct replica *replica, const char *path);
void replica_close(struct replica *replica);

/* A file in the making, for reading and writing, by number; -1 with errno. */
MUST_USE int replica_part(struct replica *replica, unsigned number);

/*
 * Gives the file of that number, open as `fd`, borrowed, its time and its
 * name; what had that name is replaced at once, and a crash leaves either.
 * Returns -1 with errno set; ENOTDIR, EISDIR or ENOTEMPTY: something of another
 * kind is in the way.
 */
MUST_USE int replica_place(struct replica *replica, unsigned number, int fd,
    const struct manifest_file *file);

/* Forgets that file. */
void replica_drop(struct replica *replica, unsigned number);

/*
 * Whether the folder's file is the one described.  `trusted`: it was, when
 * it last had that size and time, so that they are enough to know.  Where
 * only the time is another, it is set.  Returns 1, 0, or -1 with errno set.
 */
MUST_USE int replica_has(
    struct replica *replica, const struct manifest_file *file, bool trusted);

/*
 * The modification time of the file `path`, in seconds since 1970; 0 when there
 * is none.
 */
int64_t replica_time(struct replica *replica, struct str path);

/*
 * Whether something that is no folder has the path's name, so that it would
 * be lost.  Returns 1, 0, or -1 with errno set.
 */
MUST_USE int replica_holds(struct replica *replica, struct str path);

/*
 * Removes a file, and the folders that it leaves empty; one that is not
 * there is removed already.  Returns -1 with errno set.
 */
MUST_USE int replica_remove(struct replica *replica, struct str path);

/* A text in memory; `at` is to be freed. */
struct replica_text {
	char *at;
	size_t len;
};

/*
 * Small texts: the mirror's own ("known", in the hidden folder), and those
 * beside its files ("manifest"), for which replica_read takes a path.  It
 * returns 1 and a text, 0 when there is none, or -1 with errno set.
 */
enum replica_folder {
	REPLICA_OWN,
	REPLICA_BESIDE
};

MUST_USE int replica_read(struct replica *replica, enum replica_folder folder,
    const char *name, struct replica_text *out);
MUST_USE int replica_write(struct replica *replica, enum replica_folder folder,
    const char *name, struct str text);

/*
 * Adds to one of the mirror's own, making it first if need be.  Returns -1
 * with errno set.
 */
MUST_USE int
replica_append(struct replica *replica, const char *name, struct str text);

/* When one beside the files was written, in seconds since 1970; else 0. */
int64_t replica_written(struct replica *replica, const char *name);

MUST_USE int replica_erase(
    struct replica *replica, enum replica_folder folder, const char *name);

/* All of an open file; -1 with errno set. */
MUST_USE int replica_load(int fd, struct replica_text *out);

#endif
