#ifndef TREE_ZONES_H
#define TREE_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The parts of a tree that only some visitors may see, or none. Of the zones
 * around a path, the one with the longest path counts.
 */
struct zone {
	/* Normal, as of zones_path; without a final slash, empty for all. */
	struct str path;
	/* Lists of readers, with NULL at the end; none: open to everybody. */
	const char *const *readers;
	/*
	 * The files are for no visitor: a program answers requests for the
	 * part, or the files are those of a program.
	 */
	bool is_hidden;
};

struct zones {
	const struct zone *all; /* in the order of their paths */
	size_t count;
};

/*
 * The form of a path, decoded and without dot segments, that zones and rules
 * are compared in: composed (Unicode's NFC), since some file systems treat
 * composed and decomposed letters alike. `out` lives in the arena, or is
 * `path`. -1 without memory.
 */
MUST_USE int zones_path(struct arena *arena, struct str path, struct str *out);

/* The zone of a path in the form of zones_path; NULL when it is open. */
const struct zone *zones_find(const struct zones *zones, struct str path);

/*
 * Whether a path, in any form, may be seen by a visitor who may see the zone
 * `own`; NULL: no zone. False without memory.
 */
bool
zones_show(const struct zones *zones, const struct zone *own, struct str path);

/*
 * Whether files in the zone, which may be NULL, are for no visitor, and whether
 * only readers may request a path there.
 */
bool zones_is_hidden(const struct zone *zone);
bool zones_has_readers(const struct zone *zone);

/* A number for which parts are open, and which are not; 0: all are open. */
uint32_t zones_number(const struct zones *zones);

#endif
