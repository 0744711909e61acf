#ifndef MIRROR_REPLICA_H
#define MIRROR_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/manifest.h"
#include "text/str.h"

/*
 * The local folder of a mirror.  Nothing is read, written or removed outside
 * it, regardless of the server's paths and of the folder's content: no
 * symbolic link is followed, and paths pass manifest_lists.  Incomplete files
 * are in the hidden folder ".mirror", which no such path can name and no server
 * shows.
 */
struct replica {
	int root, work, lock;
	bool is_synced; /* replica_sync has synced all incomplete files */
	const char *path; /* borrowed, for messages */
};

/*
 * Opens or makes the folder, locks it, and removes the incomplete files of an
 * interrupted run.  Returns -1 with errno set; EWOULDBLOCK: another process has
 * locked it.
 */
MUST_USE int replica_open(struct replica *replica, const char *path);
void replica_close(struct replica *replica);

/* Opens the new part `number`, to be written and read; -1 with errno. */
MUST_USE int replica_part(struct replica *replica, unsigned number);

/*
 * Sets the time of the file of that number, open as `fd`, borrowed, and renames
 * it to its path, atomically; a crash leaves the old file or the new one.
 * Returns -1 with errno set; ENOTDIR, EISDIR or ENOTEMPTY: a folder is in the
 * place of a file, or a file in that of a folder.
 */
MUST_USE int replica_place(struct replica *replica, unsigned number, int fd,
    const struct manifest_file *file);

/*
 * Syncs all incomplete files at once, where the system can do that: until
 * replica_unsync is called, replica_place syncs none.
 */
void replica_sync(struct replica *replica);
void replica_unsync(struct replica *replica);

/* Opens an incomplete file again; -1 with errno. */
MUST_USE int replica_reopen(struct replica *replica, unsigned number);

/*
 * Makes a folder in place of the file `path`, and moves the file into it, as
 * `name`.  Returns -1 with errno set and the file where it was; a crash may
 * lose it.
 */
MUST_USE int
replica_nest(struct replica *replica, struct str path, const char *name);

/* Removes the incomplete file of that number. */
void replica_drop(struct replica *replica, unsigned number);

/*
 * Whether the folder's file is the one described.  If `trusted`, the same size
 * and time suffice; otherwise the content is compared, and a different time is
 * corrected.  Returns 1, 0, or -1 with errno set.
 */
MUST_USE int replica_has(
    struct replica *replica, const struct manifest_file *file, bool trusted);

/* The file's modification time, in seconds since 1970; 0 without a file. */
int64_t replica_time(struct replica *replica, struct str path);

/*
 * Whether the path is that of a file, or of anything else but a folder, that
 * would be lost.  Returns 1, 0, or -1 with errno set.
 */
MUST_USE int replica_holds(struct replica *replica, struct str path);

/*
 * Removes a file, and the folders that become empty.  A missing file is no
 * error.  Returns -1 with errno set.
 */
MUST_USE int replica_remove(struct replica *replica, struct str path);

/* A text in memory; `at` is to be freed. */
struct replica_text {
	char *at;
	size_t len;
};

/*
 * Small files: the mirror's own in the hidden folder ("known"), and files of
 * the copy ("manifest"), for which replica_read takes a path.  It returns 1 and
 * the text, 0 when there is none, or -1 with errno set.
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
 * Appends to one of the mirror's own files, and makes it when missing.  Returns
 * -1 with errno set.
 */
MUST_USE int
replica_append(struct replica *replica, const char *name, struct str text);

/*
 * The modification time of a file in the folder itself, in seconds since 1970,
 * or 0.
 */
int64_t replica_written(struct replica *replica, const char *name);

MUST_USE int replica_erase(
    struct replica *replica, enum replica_folder folder, const char *name);

/* Reads a whole open file; -1 with errno set. */
MUST_USE int replica_load(int fd, struct replica_text *out);

#endif
