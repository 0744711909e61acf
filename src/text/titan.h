#ifndef TEXT_TITAN_H
#define TEXT_TITAN_H

#include <stdbool.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "text/uri.h"

/* Bytes of a SHA-256. */
#define TITAN_BASE_SIZE 32
/* The longest MIME type that an upload may have. */
#define TITAN_MIME_MAX ((size_t)255)

/*
 * The URL of a Titan request: for an upload or, with the parameter "edit"
 * alone, for the source of a page.
 */
struct titan {
	struct str path; /* without the parameters, as it was sent */
	bool edits;
	uint64_t size; /* bytes that follow; UINT64_MAX: that many or more */
	struct str mime; /* decoded; text/gemini unless it was sent */
	bool has_base;
	/* The SHA-256 of the version that the upload replaces. */
	unsigned char base[TITAN_BASE_SIZE];
};

/*
 * Reads the parameters of a Titan URL, `;size=N[;mime=T][;token=X][;base=HEX]`
 * or `;edit`, which follow the last segment of its path: ";" in a name before
 * them must be sent as "%3B". The "/" of a MIME type or a token may be sent as
 * it is. A token is accepted and ignored: writers have certificates.
 *
 * `out` lives in the arena and in `uri`. Returns an empty text, or the defect
 * in words for the client: a query, a fragment, a parameter that is unknown,
 * malformed or sent twice, or no size; also without memory.
 */
MUST_USE struct str
titan_read(struct arena *arena, const struct uri *uri, struct titan *out);

#endif
