#ifndef TEXT_MANIFEST_H
#define TEXT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

/*
 * The manifest of a capsule: what a mirror compares.  Text that `sha256sum
 * --strict -c` takes as it is, since it passes over lines that begin with
 * "#":
 *
 *	# capsule manifest 1
 *	# SIZE TIME
 *	HASH *PATH
 *	(two such lines for each file)
 *	# end FILES BYTES HASH
 *
 * Sizes and counts are decimal, TIME is the file's last change in UTC
 * ("2026-11-24T20:29:42Z"), hashes are SHA-256 in lower-case hexadecimal.
 * PATH is relative and as it is on the disk; where it holds a backslash, LF
 * or CR they are written "\\", "\n", "\r", and a backslash stands before the
 * HASH, as sha256sum does it.  Files are in the order of their paths' bytes,
 * none twice.  FILES and BYTES are the sums, and the last HASH is that of
 * all bytes before its line, so that a manifest cut short is seen to be.
 *
 * A list of changes has other lines besides:
 *
 *	# capsule manifest 1 since TIME
 *	# removed *PATH
 *	# whole FILES BYTES HASH
 *	# end FILES BYTES HASH
 *
 * A removed path stands at its place in the order, and is always escaped;
 * it counts in no sum.  "whole" repeats what the end of the whole manifest
 * says now: whoever had the old one can tell whether he has the new one.
 */

#define MANIFEST_HASH 32 /* bytes of SHA-256 */
#define MANIFEST_PATH_MAX 4095 /* bytes of a path */

/* No record, begin or end is longer. */
#define MANIFEST_RECORD_MAX (2 * MANIFEST_PATH_MAX + 256)

struct manifest_file {
	struct str path; /* with a NUL behind it, when parsed */
	bool removed; /* of a list of changes; only the path counts */
	unsigned char hash[MANIFEST_HASH];
	uint64_t size;
	int64_t time; /* seconds since 1970 */
};

struct manifest_total {
	uint64_t files, bytes;
	unsigned char hash[MANIFEST_HASH];
};

/*
 * Whether a manifest may list a file of this path: relative, of up to
 * MANIFEST_PATH_MAX bytes, without empty components, "." or "..", NUL, or
 * dotfiles other than ".well-known".  The manifest itself and its signature
 * ("manifest", "manifest.sig") are in no manifest.
 */
bool manifest_lists(struct str path);

/* Writing, a line or two at a time. */

/* `since` is NULL for a whole manifest. */
void manifest_begin(struct buf *out, const int64_t *since);

/* A file, or a removed one.  The time is moved as utc_format does. */
void manifest_add(struct buf *out, const struct manifest_file *file);

/* Of changes: the sums and the hash that end the whole manifest. */
void manifest_whole(struct buf *out, const struct manifest_total *whole);

/* The hash is that of all that was written before. */
void manifest_end(struct buf *out, const struct manifest_total *total);

/* 64 lower-case hexadecimal digits, and a NUL. */
void manifest_hash_format(
    const unsigned char hash[MANIFEST_HASH], char out[2 * MANIFEST_HASH + 1]);

/* Reads that form alone; false for anything else. */
bool manifest_hash_read(struct str text, unsigned char hash[MANIFEST_HASH]);

/* Reading. */

struct manifest {
	const struct manifest_file *files; /* in the order of their paths */
	size_t count; /* of files, removed ones included */
	bool is_changes;
	int64_t since; /* of changes */
	struct manifest_total whole; /* of changes */
	/*
	 * Files and bytes are right.  Whether the hash is that of the first
	 * `hashed` bytes of the text is for the caller to find out.
	 */
	struct manifest_total total;
	size_t hashed;
	/* Of a text that is none: which line, from 1, and what is wrong. */
	size_t line;
	const char *error;
};

/*
 * Reads a manifest, in memory in proportion to its text.  Whatever the text
 * is: paths that come out pass manifest_lists, are in order and not twice.
 * Returns -1, with `line` and `error` set, for a text that is no whole
 * manifest of this form, and without memory.
 */
MUST_USE int
manifest_parse(struct arena *arena, struct str text, struct manifest *out);

/*
 * Writes the whole manifest that `old`, a whole one, becomes by `changes`,
 * with the end that they give for it.  Whether that is its end is for the
 * caller to find out, as ever: not all changes may have been known.
 */
void manifest_merge(const struct manifest *old, const struct manifest *changes,
    struct buf *out);

/* The file of that path, and the first of it or after it; NULL for none. */
const struct manifest_file *
manifest_find(const struct manifest *manifest, struct str path);
const struct manifest_file *
manifest_at_or_after(const struct manifest *manifest, struct str path);

/* The order of the paths: negative, 0 or positive. */
int
manifest_compare(const struct manifest_file *a, const struct manifest_file *b);

#endif
