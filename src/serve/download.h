#ifndef SERVE_DOWNLOAD_H
#define SERVE_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/body.h"
#include "serve/packer.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* What is to be packed, and how; borrowed as long as the body lives. */
struct download_setup {
	const struct tree *tree;
	struct str directory; /* decoded, with its final slash */
	enum packer_format format;
	uint64_t limit; /* bytes of files; 0: none */
	/* A file of our own before all others; without text there is none. */
	struct str preface, preface_text;
	int64_t preface_time;
	bool with_manifest; /* of all that is in it, as its last file */
	bool strict; /* a file without read permission cuts it short, too */
};

/* Whether so much is more than a download may have. */
bool download_is_too_large(uint64_t limit, uint64_t files, uint64_t bytes);

/*
 * A body: an archive of all files that a visitor may see beneath the
 * directory, with their paths from the root.  The same tree gives the same
 * bytes.  It is cut short when a file cannot be read or changes while it is
 * read, and when the archive becomes too large.  NULL without memory.
 */
MUST_USE struct body *
download_open(struct arena *arena, const struct download_setup *setup);

/*
 * The path, from the root, of the file or directory that has cut short a body
 * of download_open; empty after another failure.  Valid as long as the body.
 */
struct str download_culprit(const struct body *body);

#endif
