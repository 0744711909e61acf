#ifndef MIRROR_MIRROR_H
#define MIRROR_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/backup.h"
#include "mirror/origin.h"
#include "mirror/pool.h"
#include "mirror/replica.h"
#include "mirror/report.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/manifest.h"
#include "text/str.h"

/* One call of `capsule mirror`, and what its ways of going about it share. */
struct mirror {
	/* From the command line. */
	const char *url, *folder;
	const char *known_hosts; /* NULL: where it usually is */
	const char *key; /* NULL: no signature is asked for */
	bool keep;
	bool restore; /* fetch nothing, but restore the newest run */
	unsigned width; /* requests at once */
	unsigned long pages, depth; /* of a walk */
	unsigned long seconds, patience; /* in all; of one answer */
	uint64_t bytes; /* in all */
	/* Open from its beginning to its end. */
	struct origin origin;
	struct replica replica;
	struct backup backup; /* of a walk */
	struct pool pool;
	struct report report;
	/*
	 * The files that earlier runs put into the folder, whose order is
	 * that of their paths.  A hash of zeros: what is there now is not
	 * known.
	 */
	struct manifest known;
	struct arena arena; /* of known, and of what is to be */
};

enum mirror_got {
	MIRROR_TEXT,
	MIRROR_NOTHING, /* the server says that there is none */
	MIRROR_FAILED, /* `why` says why, or origin.error */
};

/* A small file, in memory. */
struct mirror_text {
	enum mirror_got got;
	char *at; /* to be freed */
	size_t len;
	char why[512];
};

/* Fetches `request`, as of origin_request, of at most `limit` bytes. */
void mirror_get(struct mirror *mirror, struct str request, uint64_t limit,
    struct mirror_text *out);

/* Reads what earlier runs noted.  Returns -1, with origin.error set. */
MUST_USE int mirror_recall(struct mirror *mirror);

/*
 * Notes `count` files, in the order of their paths.  To be called before
 * anything is changed: what an interrupted run leaves is found again by it.
 */
MUST_USE int mirror_note(
    struct mirror *mirror, const struct manifest_file *files, size_t count);

/*
 * Notes a file that a walk is about to put into the folder for the first
 * time, until mirror_note has all of them.  Returns -1 with errno set.
 */
MUST_USE int mirror_comes(struct mirror *mirror, struct str path);

/* Sets origin.error, "SERVER: " and the rest, if it is not set.  Returns -1. */
int
mirror_stop(struct mirror *mirror, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets origin.error, "FOLDER: WHAT: " and errno's text.  Returns -1. */
int mirror_no_disk(struct mirror *mirror, const char *what);

/*
 * The files that are known, and not among the `count` given: they are to go.
 * NULL without memory; `gone_count` says how many.
 */
MUST_USE const struct manifest_file **mirror_gone(struct mirror *mirror,
    const struct manifest_file *files, size_t count, size_t *gone_count);

/* Whether a name could disturb the terminals and scripts that see it. */
bool mirror_is_odd(struct str path);

#endif
