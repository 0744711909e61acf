#ifndef TOOL_PROMISE_H
#define TOOL_PROMISE_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/manifest.h"
#include "tool/mirroring.h"

#define PROMISE_FILE "manifest"
#define PROMISE_SIGNATURE "manifest.sig"

/* What a server says is in its capsule. */
struct promise {
	struct mirroring *mirroring;
	struct manifest manifest; /* whole, and its hash is right */
	struct mirroring_text text; /* of it */
	struct manifest old; /* the folder's own; empty where it has none */
	bool is_old; /* the folder's own manifest says the same */
	struct mirroring_text signature; /* of SIGNATURE_SIZE, if any */
};

/*
 * Gets the manifest, whole or by what has changed since the folder's own,
 * and its signature, which is that of the key if the user gave one.  Returns
 * 1; 0 when the server has none and never had; -1 with origin.error set.  To
 * be released in any case.
 */
MUST_USE int promise_get(struct promise *promise, struct mirroring *mirroring);
void promise_release(struct promise *promise);

/* As manifest_parse, but that the hash is right, too. */
MUST_USE int
promise_read(struct arena *arena, struct str text, struct manifest *out);

#endif
