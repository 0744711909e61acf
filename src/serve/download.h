#ifndef SERVE_DOWNLOAD_H
#define SERVE_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/body.h"
#include "serve/packer.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * Places for downloads in one process, of half a megabyte of memory each.  A
 * download of many files takes several, as an archive's end lists its files.
 */
#define DOWNLOAD_PLACES ((size_t)64)

/* The share of the places that a download under way takes. */
struct download_share {
	struct download_share *next;
	uint64_t network; /* a number for the client's network; 0: unknown */
	size_t places;
};

/* The downloads under way in a process; zero at first. */
struct download_list {
	struct download_share *first;
};

/*
 * Whether one more download may begin: so many places are free, and all
 * downloads of its network take at most a quarter of them.  The only download
 * of a network may take more, since a large capsule needs more.
 */
bool download_may_begin(
    const struct download_list *list, uint64_t network, size_t places);

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
	/* Counts the download while the body lives; may be NULL. */
	struct download_list *list;
	struct download_share share; /* all but `next` */
};

/* Whether so much is more than a download may have. */
bool download_is_too_large(uint64_t limit, uint64_t files, uint64_t bytes);

/*
 * Opens a body: an archive of all files that a visitor may see beneath the
 * directory, with their paths from the root.  The same tree gives the same
 * bytes.  The body is cut short when a file cannot be read or changes while it
 * is read, and when the archive becomes too large.  NULL without memory.
 */
MUST_USE struct body *
download_open(struct arena *arena, const struct download_setup *setup);

/*
 * The path, from the root, of the file or directory that has cut short a body
 * of download_open; empty after another failure.  Valid as long as the body.
 */
struct str download_culprit(const struct body *body);

#endif
