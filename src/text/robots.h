#ifndef TEXT_ROBOTS_H
#define TEXT_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * What robots.txt forbids, as the companion specification has it: lines of
 * "User-agent:" begin a group, "Disallow:" holds the beginning of paths, "#"
 * a comment, and all else is passed over; a group for "*" is for those who
 * are not named.
 */
struct robots {
	struct str *barred; /* beginnings of paths, as they are written */
	size_t count;
};

/*
 * Reads what it says to a robot that goes by any of `names` (lower case;
 * "archiver", say), of which an empty one is the last.  The text is borrowed.
 * Returns -1 without memory.
 */
MUST_USE int robots_read(struct arena *arena, struct str text,
    const struct str *names, struct robots *out);

/* Whether `path`, which is decoded and begins with "/", may be asked for. */
bool robots_allow(const struct robots *robots, struct str path);

#endif
