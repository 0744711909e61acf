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
 * The manifest of a capsule, which mirrors compare.  It is a text for
 * `sha256sum --strict -c`, which ignores lines that begin with "#":
 *
 *	# capsule manifest 1
 *	# SIZE TIME
 *	HASH *PATH
 *	(two such lines for each file)
 *	# end FILES BYTES HASH
 *
 * Sizes and counts are decimal, TIME is the file's last change in UTC
 * ("2026-11-24T20:29:42Z"), hashes are SHA-256 in lower-case hexadecimal.
 * PATH is relative and as it is on the disk.  A backslash, LF or CR in it is
 * written "\\", "\n" or "\r", and a backslash precedes the HASH, as in the
 * output of sha256sum.  Files are sorted by their paths' bytes, without
 * duplicates.  FILES and BYTES are the sums, and the last HASH is that of all
 * bytes before its line, so that an incomplete manifest is detected.
 *
 * A list of changes has additional lines:
 *
 *	# capsule manifest 1 since TIME
 *	# removed *PATH
 *	# whole FILES BYTES HASH
 *	# end FILES BYTES HASH
 *
 * A removed path is at its place in the order, is always escaped, and does not
 * count in the sums.  "whole" repeats the end of the current whole manifest: a
 * client that applies the changes to the old one can compare its result.
 */

#define MANIFEST_HASH 32 /* bytes of SHA-256 */
#define MANIFEST_PATH_MAX 4095 /* bytes of a path */

/* The longest record, begin or end. */
#define MANIFEST_RECORD_MAX (2 * MANIFEST_PATH_MAX + 256)

struct manifest_file {
	struct str path; /* ends with a NUL when parsed */
	bool removed; /* in a list of changes; then only the path is set */
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
 * dotfiles other than ".well-known".  The manifest and its signature
 * ("manifest", "manifest.sig") are never listed.
 */
bool manifest_lists(struct str path);

/* Writing, a line or two at a time. */

/* `since` is NULL for a whole manifest. */
void manifest_begin(struct buf *out, const int64_t *since);

/* Adds a file, or a removed file.  Limits the time like utc_format. */
void manifest_add(struct buf *out, const struct manifest_file *file);

/* In a list of changes: the sums and hash of the whole manifest. */
void manifest_whole(struct buf *out, const struct manifest_total *whole);

/* `hash` is that of everything written before. */
void manifest_end(struct buf *out, const struct manifest_total *total);

/* Parses a hash as in a manifest; false for anything else. */
bool manifest_hash_read(struct str text, unsigned char hash[MANIFEST_HASH]);

/* Reading. */

struct manifest {
	const struct manifest_file *files; /* sorted by path */
	size_t count; /* including removed files */
	bool is_changes;
	int64_t since; /* of a list of changes */
	struct manifest_total whole; /* of a list of changes */
	/*
	 * The numbers of files and bytes are checked.  The caller has to
	 * compare the hash with that of the first `hashed` bytes of the text.
	 */
	struct manifest_total total;
	size_t hashed;
	/* For an invalid text: the line number, from 1, and the fault. */
	size_t line;
	const char *error;
};

/*
 * Parses a manifest, in memory in proportion to its text.  Whatever the text
 * is, the resulting paths pass manifest_lists, are sorted, and differ.  Returns
 * -1, with `line` and `error` set, for an invalid or incomplete text, and
 * without memory.
 */
MUST_USE int
manifest_parse(struct arena *arena, struct str text, struct manifest *out);

/*
 * Writes the whole manifest that results from applying `changes` to `old`, a
 * whole one, with the end that the changes give.  The caller has to check its
 * hash: some changes may be missing.
 */
void manifest_merge(const struct manifest *old, const struct manifest *changes,
    struct buf *out);

/* Find the file of that path, and the first file at or after it; NULL: none. */
const struct manifest_file *
manifest_find(const struct manifest *manifest, struct str path);
const struct manifest_file *
manifest_at_or_after(const struct manifest *manifest, struct str path);

/* The order of the paths: negative, 0 or positive. */
int
manifest_compare(const struct manifest_file *a, const struct manifest_file *b);

/* Sorts files by path. */
void manifest_sort(struct manifest_file *files, size_t count);

#endif
