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

/* One run of `capsule mirror`, by manifest or by links. */
struct mirror {
	/* From the command line. */
	const char *url, *folder;
	const char *known_hosts; /* NULL: the usual place */
	const char *key; /* NULL: the signature is not checked */
	bool is_strict; /* about a new key; see origin.h */
	bool keep;
	bool allow_truncated; /* in a crawl, which then removes nothing */
	bool restore; /* fetch nothing, but restore the newest run */
	unsigned width; /* number of requests at once */
	unsigned long pages, depth; /* of a crawl */
	unsigned long seconds, patience; /* for the whole run; for one answer */
	uint64_t bytes; /* for the whole run */
	/* Open during the run. */
	struct origin origin;
	struct replica replica;
	struct backup backup;
	struct pool pool;
	struct report report;
	/*
	 * The files that earlier runs stored, sorted by path.  A hash of zeros:
	 * the file's content is unknown.
	 */
	struct manifest known;
	struct arena arena; /* of `known` and of the new list of files */
};

enum mirror_got {
	MIRROR_TEXT,
	MIRROR_NOTHING, /* the server has no such file */
	MIRROR_FAILED, /* `why` or origin.error has the reason */
};

/* A small file in memory. */
struct mirror_text {
	enum mirror_got got;
	char *at; /* to be freed */
	size_t len;
	char why[512];
};

/* Sends `request`, see origin_request; receives at most `limit` bytes. */
void mirror_get(struct mirror *mirror, struct str request, uint64_t limit,
    struct mirror_text *out);

/* Reads the files that earlier runs recorded; -1 with origin.error set. */
MUST_USE int mirror_load(struct mirror *mirror);

/* Sets `out` to the manifest of files sorted by path; -1 with errno set. */
MUST_USE int mirror_manifest_of(
    const struct manifest_file *files, size_t count, struct mirror_text *out);

/*
 * Records `count` files, sorted by path.  To be called before anything is
 * changed, so that the files of an interrupted run are known to the next.
 */
MUST_USE int mirror_record(
    struct mirror *mirror, const struct manifest_file *files, size_t count);

/*
 * Records one file that a crawl is about to store for the first time;
 * mirror_record replaces these records.  Returns -1 with errno set.
 */
MUST_USE int mirror_record_one(struct mirror *mirror, struct str path);

/* Sets origin.error to "SERVER: MESSAGE" unless it is set; returns -1. */
int
mirror_fail(struct mirror *mirror, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets origin.error to "FOLDER: WHAT: " and errno's text.  Returns -1. */
int mirror_fail_disk(struct mirror *mirror, const char *what);

/*
 * Whether the folder is recorded as a copy of this host and path, with any
 * protocol and port: 1, 0 when nothing is recorded, or -1 with origin.error set
 * when it is a copy of another, or cannot be read.
 */
MUST_USE int mirror_check_origin(struct mirror *mirror);
/* Records them; -1 with origin.error set. */
MUST_USE int mirror_record_origin(struct mirror *mirror);

/*
 * Before the known file `path` is replaced or removed: keeps it in
 * .mirror/before, unless it is as it was recorded, since the user may have
 * changed it.  Returns -1 with errno set.
 */
MUST_USE int mirror_keep_changed(struct mirror *mirror, struct str path);

/*
 * The known files that are not among the `count` given, `gone_count` of them.
 * NULL without memory.
 */
MUST_USE const struct manifest_file **mirror_find_gone(struct mirror *mirror,
    const struct manifest_file *files, size_t count, size_t *gone_count);

/* Whether a name has characters that disturb terminals or scripts. */
bool mirror_is_unsafe(struct str path);

#endif
