#ifndef SERVE_DOWNLOAD_H
#define SERVE_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/body.h"
#include "sys/archive.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* The settings of a download; borrowed as long as the body lives. */
struct download_setup {
	const struct tree *tree;
	struct str directory; /* decoded, with its final slash */
	enum archive_type format;
	uint64_t limit; /* bytes of files; 0: none */
	/*
	 * A generated file that precedes all others; without text there is
	 * none.
	 */
	struct str preface, preface_text;
	int64_t preface_time;
	bool with_manifest; /* appends a manifest as the last file */
	bool strict; /* an unreadable file cuts the archive short, too */
};

/* Whether so many files or bytes exceed the limit of a download. */
bool download_is_too_large(uint64_t limit, uint64_t files, uint64_t bytes);

/*
 * A body: an archive of all visible files beneath the directory, named by their
 * paths from the root. The same tree gives the same bytes. It is cut short when
 * a file cannot be read or changes while it is read, and when the archive
 * becomes too large. A zip has no file with a backslash in its path: careless
 * programs take it for a slash. NULL without memory.
 */
MUST_USE struct body *
download_open(struct arena *arena, const struct download_setup *setup);

/*
 * The path, from the root, of the file or directory that made a body of
 * download_open fail; empty after another failure. Valid as long as the body.
 */
struct str download_culprit(const struct body *body);

/*
 * The number of files with a backslash in their path that the archive written
 * last is without.
 */
uint64_t download_left_out(const struct body *body);

#endif
