#ifndef TOOL_PUBLISH_RECORD_H
#define TOOL_PUBLISH_RECORD_H

#include <limits.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/manifest.h"

/* In the author's folder; no server shows it. */
#define PUBLISH_RECORD_FOLDER ".publish"

/*
 * The files that a folder and a server had in common after the last run, as a
 * manifest in the folder, one for each URL.
 */
struct publish_record {
	char folder[PATH_MAX], path[PATH_MAX];
};

/*
 * Names the record of the folder `dir` for a URL without its scheme. Returns -1
 * with errno set.
 */
MUST_USE int publish_record_open(
    struct publish_record *record, const char *dir, const char *url);

/*
 * Reads the record, which is empty if there is none; -1 with errno set: EINVAL
 * for one that is not valid.
 */
MUST_USE int publish_record_read(const struct publish_record *record,
    struct arena *arena, struct manifest *out);

/* Replaces it, atomically, by files sorted by path; -1 with errno set. */
MUST_USE int publish_record_write(const struct publish_record *record,
    const struct manifest_file *files, size_t count);

#endif
