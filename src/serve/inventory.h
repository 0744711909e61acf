#ifndef SERVE_INVENTORY_H
#define SERVE_INVENTORY_H

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/manifest.h"

/*
 * A manifest in the making, whole or of changes: counts what it lists, and
 * hashes what it says.  Each call appends at most MANIFEST_RECORD_MAX bytes
 * to `out`.
 */
struct inventory {
	struct manifest_total total; /* of the files so far */
	struct sha256 *said;
};

/* Begins one; `since` is NULL for a whole one.  -1 without memory. */
MUST_USE int inventory_open(
    struct inventory *inventory, struct buf *out, const int64_t *since);
void inventory_release(struct inventory *inventory);

/* A file, left out when no manifest lists its path. */
void inventory_add(struct inventory *inventory, struct buf *out,
    const struct manifest_file *file);

/* Of changes, after all files: how the whole manifest ends. */
void inventory_whole(struct inventory *inventory, struct buf *out,
    const struct manifest_total *whole);

/* The end, and total.hash with it; -1 when OpenSSL failed. */
MUST_USE int inventory_end(struct inventory *inventory, struct buf *out);

#endif
