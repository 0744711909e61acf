#ifndef INDEX_CAPSULE_MANIFEST_H
#define INDEX_CAPSULE_MANIFEST_H

#include <stdint.h>

#include "sys/sink.h"
#include "text/attribute.h"
#include "tree/tree.h"

struct db_place;

/*
 * The manifest of all files of a capsule or, unless `since` is NULL, of the
 * changes at that time or later.
 */
struct capsule_manifest;

/*
 * Opens the index at `place`.  With NULL, all files of the tree, which is
 * borrowed, are read and hashed, which is only fast enough for a tool.  Returns
 * NULL with errno set: EAGAIN when the index does not list all files yet.
 */
MUST_USE struct capsule_manifest *
capsule_manifest_open(const struct db_place *place, const struct tree *tree,
    const int64_t *since);
void capsule_manifest_close(struct capsule_manifest *manifest);

/* Writes the manifest, once; -1 with errno set. */
MUST_USE int
capsule_manifest_write(struct capsule_manifest *manifest, struct sink *sink);

#endif
