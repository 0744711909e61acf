#ifndef MIRROR_BULK_H
#define MIRROR_BULK_H

#include <stdbool.h>
#include <stddef.h>

#include "mirror/mirror.h"
#include "text/attribute.h"
#include "text/manifest.h"

/* Files of a manifest that are to be fetched as one archive. */
struct bulk {
	struct mirror *mirror; /* borrowed */
	const struct manifest *manifest; /* borrowed; of the whole capsule */
	const struct manifest_file **need; /* borrowed; sorted by path */
	bool *got; /* per file of `need`: it is stored */
	size_t count; /* of both */
};

/*
 * Whether one archive is the better way: at least a quarter of the files, and
 * of their bytes, are needed, and the manifest has more than BULK_LEAST files.
 */
#define BULK_LEAST 50
bool bulk_is_worth(const struct bulk *bulk);

/*
 * Fetches capsule.tar.gz beneath the base, and stores those of the needed files
 * that it has with the hash of the manifest.  A child process in a sandbox
 * unpacks the archive, and all that it sends is verified.  It is no failure if
 * the archive is missing or invalid, takes more than half of the time that is
 * left, or does not fit the disk.
 */
void bulk_fetch(struct bulk *bulk);

#endif
