#ifndef TREE_STORING_H
#define TREE_STORING_H

#include <stddef.h>
#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/media.h"
#include "tree/newfile.h"
#include "tree/storecheck.h"
#include "tree/storepath.h"
#include "tree/tree.h"

/*
 * Storing one file in a tree: it appears whole, or not at all, and the file
 * that it replaces becomes an older version (tree/versions.h).
 *
 * The functions return STATUS_SUCCESS; a status for the client with `reason`,
 * one line; or STATUS_FAILURE with errno set, and an empty reason if the
 * operator has to act.  After another status than STATUS_SUCCESS nothing is
 * left of the new file.
 */

/* The parameters of a store; borrowed. */
struct storing_file {
	const struct tree *tree; /* with the zone that may be written */
	struct str path; /* see storepath_open */
	size_t depth; /* see storepath_open */
	size_t versions; /* older versions that are kept */
	/* The SHA-256 of the version that the file was made from; NULL: any. */
	const unsigned char *base;
	struct str mime; /* of its sender; empty: text/gemini */
	struct media *media;
	const struct media_rules *rules; /* NULL: none */
};

struct storing {
	char reason[STORECHECK_REASON];
	/* Private. */
	const struct storing_file *file;
	struct storepath place;
	struct newfile new;
	int made; /* a new folder, still hidden; -1: none */
	char made_name[NEWFILE_NAME_MAX];
};

/* Finds the place of the file, and begins a new file there. */
MUST_USE enum status
storing_begin(struct storing *storing, const struct storing_file *file);

/* Appends bytes. */
MUST_USE enum status storing_write(struct storing *storing, struct str bytes);

/*
 * Checks the content, finds the place once more, and puts the file there.  If
 * it returns STATUS_SUCCESS, the file and its name are on the disk.
 */
MUST_USE enum status storing_finish(struct storing *storing);

/* Removes the new file. */
void storing_abort(struct storing *storing);

/*
 * Deletes a file, of which the versions stay.  STATUS_NOT_FOUND: there is none.
 * `storing` only takes the reason.
 */
MUST_USE enum status
storing_delete(struct storing *storing, const struct storing_file *file);

#endif
