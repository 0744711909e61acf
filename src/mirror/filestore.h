#ifndef MIRROR_FILESTORE_H
#define MIRROR_FILESTORE_H

#include <stddef.h>

#include "mirror/frontier.h"
#include "mirror/mirror.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/manifest.h"

/* The address that a name of the copy stands for. */
struct filestore_claim {
	struct str request; /* after redirects */
	bool is_folder; /* the name is a folder above the request's file */
	bool is_page; /* gemtext: it may be the page of a folder */
	unsigned char hash[SHA256_SIZE]; /* of the file */
};

/*
 * The files that a crawl stores in the copy.  Each has one name, made from its
 * address, and each name stands for one address: a second address of the same
 * name is a failure, unless its answer is the same.  If there are a page
 * "posts" and files beneath "posts/", the page is stored as "posts/index.gmi".
 */
struct filestore {
	/* The caller sets these two; they are borrowed. */
	struct mirror *mirror;
	struct arena *scratch; /* may be reset between two calls */
	/* The files of the copy, in the order of their arrival. */
	struct manifest_file *files;
	size_t count, room;
	/* Private. */
	struct frontier names; /* of files, and of the folders above them */
	struct filestore_claim *claims; /* one for each name */
	size_t claim_room;
	char why[3 * ORIGIN_REQUEST_MAX];
};

/* Returns -1 without memory. */
MUST_USE int filestore_open(struct filestore *store);
void filestore_release(struct filestore *store);

/*
 * Sets `out` to the name of the file for the job's answer: the decoded path of
 * its request, or for a folder that of its page.
 * Returns NULL, or the reason why the copy cannot have such a file.
 */
MUST_USE const char *filestore_name(struct filestore *store,
    const struct pool_job *job, bool is_menu, struct str *out);

/*
 * Stores the answer under that name, unless the copy has the same file, and
 * adds it to `files`.  Returns NULL, or the reason for a failure, valid until
 * the next call.
 */
MUST_USE const char *filestore_put(
    struct filestore *store, const struct pool_job *job, struct str name);

/*
 * Moves a file of the copy to .mirror/before.  Returns whether it was moved;
 * success and failure are reported.
 */
MUST_USE bool filestore_remove(struct filestore *store, struct str path);

/*
 * Adds a file that the copy holds already.  Returns -1 without memory, with
 * origin.error set.
 */
MUST_USE int
filestore_add(struct filestore *store, const struct manifest_file *file);

#endif
