#ifndef SERVE_INVENTORY_H
#define SERVE_INVENTORY_H

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/manifest.h"

/*
 * A manifest writer, for a whole manifest or one of changes: counts the listed
 * files, and hashes the text. Each call appends at most MANIFEST_RECORD_MAX
 * bytes to `out`.
 */
struct inventory {
	struct manifest_total total; /* of the files so far */
	struct sha256 *said;
};

/* Begins a manifest; a whole one when `since` is NULL. -1 without memory. */
MUST_USE int inventory_open(
    struct inventory *inventory, struct buf *out, const int64_t *since);
void inventory_release(struct inventory *inventory);

/* Adds a file, unless its path must not be in a manifest. */
void inventory_add(struct inventory *inventory, struct buf *out,
    const struct manifest_file *file);

/* In a manifest of changes, after all files: adds the whole manifest's end. */
void inventory_whole(struct inventory *inventory, struct buf *out,
    const struct manifest_total *whole);

/* Ends the manifest and sets total.hash; -1 when OpenSSL fails. */
MUST_USE int inventory_end(struct inventory *inventory, struct buf *out);

#endif
