#ifndef MIRROR_MANIFEST_REMOTE_H
#define MIRROR_MANIFEST_REMOTE_H

#include <stdbool.h>

#include "mirror/mirror.h"
#include "text/attribute.h"
#include "text/manifest.h"

#define MANIFEST_REMOTE_NAME "manifest"
#define MANIFEST_REMOTE_SIGNATURE "manifest.sig"

/* The manifest of a server's capsule. */
struct manifest_remote {
	struct mirror *mirror;
	struct manifest manifest; /* whole, and its hash matches */
	struct mirror_text text; /* the bytes of `manifest` */
	/*
	 * The server's root has the manifest: until all is checked, `manifest`
	 * is that of the server, and then the part beneath the base.
	 */
	bool is_root;
	struct replica_text old_text; /* the folder's own, if any */
	struct manifest old; /* of `old_text`; empty when it is not valid */
	bool is_old; /* `text` equals the folder's own manifest */
	struct mirror_text signature; /* of SIGNATURE_SIZE bytes, if any */
};

/*
 * Gets the manifest of the base or of the server, whole or as changes to the
 * folder's own, and its signature, and checks it with the user's key if one is
 * given.  Returns 1; 0 when the server has no manifest and the folder never had
 * one; -1 with origin.error set.  To be released in any case.
 *
 * Without a copy, pool.replica is NULL, there is no signature, and a manifest
 * that lists nothing beneath the base is empty.
 */
MUST_USE int
manifest_remote_get(struct manifest_remote *remote, struct mirror *mirror);
void manifest_remote_release(struct manifest_remote *remote);

/* Like manifest_parse, but checks the hash as well. */
MUST_USE int manifest_remote_read(
    struct arena *arena, struct str text, struct manifest *out);

#endif
