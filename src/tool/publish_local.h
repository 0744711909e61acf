#ifndef TOOL_PUBLISH_LOCAL_H
#define TOOL_PUBLISH_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "mirror/report.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/manifest.h"
#include "tree/media.h"
#include "tree/tree.h"

/* The author's folder: its files, and those that are not sent. */
struct publish_local {
	/* Set by the caller; borrowed. */
	const struct tree *tree;
	struct arena *arena;
	struct report *report;
	struct media *media;
	const struct media_rules *types;
	uint64_t limit; /* of a file, in bytes; 0: none */
	const char *key; /* the author's private key, never sent; NULL: none */
	/*
	 * The files, sorted, with their hashes. `removed` marks a file that
	 * cannot be sent.
	 */
	struct manifest manifest;
	size_t sendable; /* files without that mark */
	bool is_incomplete; /* a folder could not be listed */
	/* Private. */
	struct manifest_file *files;
	size_t room;
	bool is_out_of_memory;
	bool has_key; /* `key_st` is that of `key` */
	struct stat key_st;
};

/*
 * Finds the files in all folders and hashes them. Notes each name that is not
 * sent, and reports each file that cannot be sent, as a failure. Returns -1
 * without memory or when the folder cannot be read, with errno set.
 * publish_local_release frees the list.
 */
MUST_USE int publish_local_list(struct publish_local *local);
void publish_local_release(struct publish_local *local);

#endif
