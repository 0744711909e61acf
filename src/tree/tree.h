#ifndef TREE_TREE_H
#define TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "sys/sha256.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"

struct zone;
struct zones;

struct tree {
	int root; /* descriptor */
	/*
	 * Patterns of fnmatch(3) for names that are hidden like dotfiles, with
	 * NULL at the end; borrowed. NULL: none.
	 */
	const char *const *hide;
	/*
	 * Parts that are hidden like dotfiles, too, but for the part `own`;
	 * borrowed. NULL: none.
	 */
	const struct zones *zones;
	const struct zone *own;
};

/* Opens the tree at `path` without names that match `hide`; -1 with errno. */
MUST_USE int
tree_init(struct tree *tree, const char *path, const char *const *hide);
/* Advice for the operator when tree_init failed with this errno. */
const char *tree_init_remedy(int error);
void tree_release(struct tree *tree);

/* An open regular file or directory. */
struct entry {
	int fd; /* the caller closes it */
	struct stat st;
};

/*
 * Opens `path` beneath the tree's root, following no link out of it.  `path` is
 * decoded, normal and absolute ("/", "/docs/", "/docs/a b.gmi"); a final slash
 * asks for a directory.  Dotfiles (".well-known" excepted), names that match
 * tree->hide, paths in a hidden zone or with links into one, paths that lead
 * out, FIFOs, sockets, devices, unreadable files and missing files are all
 * STATUS_NOT_FOUND, so that clients cannot tell them apart.  Returns
 * STATUS_SUCCESS and an entry, or the status to answer with.  A failure of the
 * system is STATUS_FAILURE with errno set, but not to EAGAIN, and is logged.  A
 * file without read permission is logged, too.  With STATUS_NOT_FOUND, errno is
 * EACCES for such a file and ENOENT otherwise.
 */
MUST_USE enum status
tree_open(const struct tree *tree, struct str path, struct entry *out);

/* The status that tree_open would return. */
MUST_USE enum status tree_status(const struct tree *tree, struct str path);

/*
 * As tree_open, for a path that no client has asked for: a file without read
 * permission is not logged.
 */
MUST_USE enum status
tree_find(const struct tree *tree, struct str path, struct entry *out);

/* As tree_open, for the file `name` in the directory `path`. */
MUST_USE enum status tree_open_in(const struct tree *tree, struct str path,
    struct str name, struct entry *out);

/*
 * Gets the status of `name` in the directory `path` without opening it.  Only
 * for a path beneath which tree_open_in has found an entry lately, and only for
 * comparison with that entry: a final link is not followed, but all others are,
 * wherever they lead.  Returns -1 with errno set.
 */
MUST_USE int tree_stat_in(const struct tree *tree, struct str path,
    struct str name, struct stat *out);

/*
 * Whether a file or directory is unchanged: the same identity, size and times.
 * Of an unsettled one this is no proof: two changes within one tick of the file
 * system's clock look like one, so it is not to be cached.
 */
bool tree_is_same(const struct stat *a, const struct stat *b);
bool tree_is_settled(const struct stat *st);

/*
 * A time in nanoseconds since 1970; before 1678 and after 2261 the least and
 * the greatest number.
 */
int64_t tree_ns(const struct timespec *time);

bool tree_is_directory(const struct entry *entry);

/*
 * The SHA-256 of a file's content; -1 with errno set, ESTALE when it changed
 * while it was read or since it was opened.  For `pause` see sha256_file.
 */
MUST_USE int tree_hash(const struct entry *entry,
    unsigned char out[SHA256_SIZE], const struct sha256_pause *pause);

/* Whether a file is unchanged since it was opened. */
bool tree_is_unchanged(const struct entry *entry);

/*
 * Logs `what`, such as "cannot open", with `error` and `path`.  A dead mount
 * fails at each request, so the same text with the same error is logged once a
 * minute; the next line has the number of lines that were left out.
 */
void tree_log_failure(const char *what, int error, struct str path);

/*
 * Makes this process and its children share the counts of tree_log_failure.
 * Otherwise each short-lived child would log its first failure.  -1 with errno
 * set and nothing changed.
 */
MUST_USE int tree_share_failures(void);

/* Whether a name is shown: no dotfile, not hidden, up to NAME_MAX bytes. */
bool tree_shows(const struct tree *tree, struct str name);
/* The same for all names of an absolute path, and its zone. */
bool tree_shows_path(const struct tree *tree, struct str path);

/* As beneath_open in the tree, except for paths in hidden zones: ENOENT. */
MUST_USE int tree_open_beneath(const struct tree *tree, const char *path);

#endif
