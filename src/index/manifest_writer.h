#ifndef INDEX_MANIFEST_WRITER_H
#define INDEX_MANIFEST_WRITER_H

#include "sys/sha256.h"
#include "sys/sink.h"
#include "text/attribute.h"
#include "text/manifest.h"

/* Writes a whole manifest or a list of changes; counts files, hashes text. */
struct manifest_writer {
	struct manifest_total total; /* of the files so far */
	/* Private: */
	struct sink *sink;
	struct sha256 *sha256;
};

/* All functions that return int return -1 with errno set on failure. */

/*
 * Begins a manifest; a whole one when `since` is NULL.  Borrows the sink; with
 * NULL the text is only hashed.  To be released even after a failure.
 */
MUST_USE int manifest_writer_open(
    struct manifest_writer *writer, struct sink *sink, const int64_t *since);
void manifest_writer_release(struct manifest_writer *writer);

/* Adds a file, unless its path must not be in a manifest. */
MUST_USE int manifest_writer_add(
    struct manifest_writer *writer, const struct manifest_file *file);

/* In a manifest of changes, after all files: adds the whole manifest's end. */
MUST_USE int manifest_writer_whole(
    struct manifest_writer *writer, const struct manifest_total *whole);

/* Ends the manifest and sets total.hash. */
MUST_USE int manifest_writer_end(struct manifest_writer *writer);

#endif
