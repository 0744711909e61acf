#ifndef MIRROR_MANIFEST_REMOTE_H
#define MIRROR_MANIFEST_REMOTE_H

#include <stdbool.h>

#include "mirror/mirror.h"
#include "text/attribute.h"
#include "text/manifest.h"

#define MANIFEST_REMOTE_NAME "manifest"
#define MANIFEST_REMOTE_SIGNATURE "manifest.sig"

/* What a server says is in its capsule. */
struct manifest_remote {
	struct mirror *mirror;
	struct manifest manifest; /* whole, and its hash is right */
	struct mirror_text text; /* of it */
	struct manifest old; /* the folder's own; empty where it has none */
	bool is_old; /* the folder's own manifest says the same */
	struct mirror_text signature; /* of SIGNATURE_SIZE, if any */
};

/*
 * Gets the manifest, whole or by what has changed since the folder's own,
 * and its signature, which is that of the key if the user gave one.  Returns
 * 1; 0 when the server has none and never had; -1 with origin.error set.  To
 * be released in any case.
 */
MUST_USE int
manifest_remote_get(struct manifest_remote *remote, struct mirror *mirror);
void manifest_remote_release(struct manifest_remote *remote);

/* As manifest_parse, but that the hash is right, too. */
MUST_USE int manifest_remote_read(
    struct arena *arena, struct str text, struct manifest *out);

#endif
