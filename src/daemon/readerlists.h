#ifndef DAEMON_READERLISTS_H
#define DAEMON_READERLISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "daemon/config.h"
#include "serve/readerset.h"
#include "text/attribute.h"
#include "text/buf.h"

/* The most readers or writers in one list, and in all. */
#define READERLISTS_MOST ((size_t)100000)
#define READERLISTS_MOST_OF_ALL ((size_t)1000000)

/* A list of readers, of writers, or of both. */
struct readerlists_file {
	const char *path; /* borrowed from the configuration */
	bool has_readers, has_writers; /* named by these keys */
	size_t count; /* of entries */
	struct stat st; /* when it was read */
	struct stat now; /* when it was last checked */
	bool is_settled; /* any later change alters its state */
	bool is_refused; /* the last version was refused, and this was logged */
};

/* The lists that a configuration names. Zeroed: none. */
struct readerlists {
	struct readerlists_file *files; /* in the order of their paths */
	size_t count;
	struct readerset set;
	int fd; /* of `set`; unset without files */
};

/*
 * Reads all lists of readers and writers that `config` names; their paths are
 * borrowed from there.
 * Calls `say` for each line that is no entry and is ignored. Returns -1
 * with one line in `error` when a list cannot be read, or others may write to
 * it.
 */
MUST_USE int
readerlists_open(struct readerlists *lists, const struct config *config,
    void (*say)(const char *text), struct buf *error);

void readerlists_release(struct readerlists *lists);

/* "readers", or "writers" for a list that has only writers. */
const char *readerlists_kind(const struct readerlists_file *file);

/*
 * Reads the lists again if a file has changed. Returns whether lists->set and
 * lists->fd have changed, which is logged. If a list cannot be read, all lists
 * stay as they are, and the error is logged.
 */
bool readerlists_look(struct readerlists *lists);

#endif
