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
 * Places in one process, of half a megabyte of memory each.  The end of an
 * archive grows with its files, and takes more of them.
 */
#define DOWNLOAD_PLACES ((size_t)64)

/* One of the downloads under way, as the others see it. */
struct download_share {
	struct download_share *next;
	uint64_t network; /* whose it is, by any number; 0: not known */
	size_t places; /* that it takes of those there are */
};

/* The downloads under way in a process; zeroed. */
struct download_list {
	struct download_share *first;
};

/*
 * Whether one more download may begin: there are so many places free, and its
 * network leaves three quarters of all to others.  A single download may take
 * more, where a capsule needs it.
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
	bool strict; /* cut short by what may not be read, too */
	/* Where it is counted while the body lives; NULL: nowhere. */
	struct download_list *list;
	struct download_share share; /* but for `next` */
};

/* Whether so much is more than a download may have. */
bool download_is_too_large(uint64_t limit, uint64_t files, uint64_t bytes);

/*
 * A body: an archive of all files beneath the directory that a visitor may
 * see, under their paths from the root, the same bytes for the same tree.  It
 * is cut short when a file changes while it is read, when one cannot be read,
 * and when it becomes too large.  NULL without memory.
 */
MUST_USE struct body *
download_open(struct arena *arena, const struct download_setup *setup);

/*
 * The file or directory, from the root, that has cut short a body of
 * download_open; empty when it was something else.  Lives as long as the body.
 */
struct str download_culprit(const struct body *body);

#endif
