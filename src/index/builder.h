#ifndef INDEX_BUILDER_H
#define INDEX_BUILDER_H

#include <stdbool.h>

#include "index/db.h"
#include "text/attribute.h"
#include "text/pathlist.h"
#include "tree/media.h"
#include "tree/tree.h"

/* The tree to index, and the settings. */
struct builder_setup {
	const struct tree *tree;
	struct media *media;
	bool english; /* words are stemmed */
	const struct db_place *place; /* of the index */
	bool rebuilds; /* replaces an existing index */
	bool is_stale; /* old rows may be out of date */
	/* Called for each directory; -1 ends the scan.  May be NULL. */
	int (*enter)(void *context, const char *directory);
	/*
	 * Called while files are hashed; it may call builder_update.  -1 ends
	 * the hashing.  May be NULL.
	 */
	int (*idle)(void *context);
	void *context;
	/*
	 * A scan that has added files for this long leaves the rest to the next
	 * scan; 0: no limit.
	 */
	unsigned look_ms;
};

/* Builds and updates the index of a tree by scans (a "look" in names). */
struct builder;

/* Uses the existing index, if any; borrows `setup`.  NULL without memory. */
MUST_USE struct builder *builder_new(const struct builder_setup *setup);
void builder_free(struct builder *build);

/*
 * Opens the index, as the first update does by itself, so that lists of files
 * wait from now on if setup->is_stale is set.  After a failure the first
 * update tries again.
 */
void builder_open(struct builder *build);

/* As builder_open, and closes the index without waiting for the disk. */
void builder_open_briefly(struct builder *build);

/*
 * Closes an index that is complete, to free its memory; the next update opens
 * it again.
 */
void builder_close(struct builder *build);

/*
 * Scans the whole tree (NULL), or the given files and directories and those
 * known to be unsettled, and updates the index.  Paths are from the root with
 * their first slash and without a last one.  Returns 1 when the index has
 * changed, 0 when it was up to date, or -1 with errno set and the index
 * unchanged.  If many files are new, a call may add only some of them; see
 * builder_has_more.  An index that is damaged or of another version is built
 * again.
 */
MUST_USE int
builder_update(struct builder *build, const struct pathlist *paths);

/* Whether the last scan left changes, so that another is needed at once. */
bool builder_has_more(const struct builder *build);

/*
 * Whether the last scan left no file that had just changed or could not be
 * read: such a file is scanned again without a notification.
 */
bool builder_is_settled(const struct builder *build);

/*
 * Computes the hashes that scans left out.  Returns 1 when it has stored some,
 * 0 when none was due, or -1 with errno set: ECANCELED when setup->idle ended
 * it.
 */
MUST_USE int builder_hash(struct builder *build);

#endif
