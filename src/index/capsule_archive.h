#ifndef INDEX_CAPSULE_ARCHIVE_H
#define INDEX_CAPSULE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "index/gempub.h"
#include "sys/sink.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/site.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

struct db_place;

enum capsule_archive_kind {
	CAPSULE_ARCHIVE_GEMPUB, /* a zip with metadata.txt */
	CAPSULE_ARCHIVE_ZIP,
	CAPSULE_ARCHIVE_TAR, /* with gzip */
};

/*
 * An archive of all visible files beneath a directory, named by their paths
 * from the root.  The same tree gives the same bytes.
 */
struct capsule_archive {
	/* Set by the caller; pointers are borrowed. */
	enum capsule_archive_kind kind;
	struct arena *arena; /* for the archive's own data */
	const struct tree *tree;
	const struct site *site; /* of a Gempub */
	const struct db_place *index; /* NULL: none */
	struct str directory; /* decoded, with its final slash */
	uint64_t limit; /* bytes of files; 0: none */
	bool strict; /* an unreadable file cuts the archive short, too */
	/*
	 * After a failed write, the path (from the root) of the file or
	 * directory that caused it, or empty.
	 */
	struct str culprit;
	/*
	 * The number of files that a zip leaves out: those with a backslash in
	 * their path, which some programs take for a slash.
	 */
	uint64_t left_out;
	/* Private. */
	struct gempub gempub;
	bool with_manifest; /* as the last file */
};

/*
 * Prepares the archive.  Returns STATUS_SUCCESS, or the status to answer with:
 * STATUS_TOO_LARGE when the files are larger than the limit, or too many.
 */
MUST_USE enum status capsule_archive_open(struct capsule_archive *archive);

/*
 * Writes the archive; -1 with errno set when it has to be cut short: EFBIG when
 * the tree has become too large, ESTALE when a file changed while it was read.
 */
MUST_USE int
capsule_archive_write(struct capsule_archive *archive, struct sink *sink);

#endif
