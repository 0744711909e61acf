#ifndef TEXT_ROBOTS_H
#define TEXT_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The rules of robots.txt, in the form of Gemini's companion specification:
 * "User-agent:" lines begin a group, "Disallow:" has the beginning of paths,
 * "#" begins a comment, other lines are ignored; a group for "*" is for robots
 * that have no group of their own.
 */
struct robots {
	struct str *barred; /* beginnings of paths, as written */
	size_t count;
};

/*
 * Reads the rules for a robot with any of `names`, in lower case ("archiver");
 * the last name is empty.  The text is borrowed.  Returns -1 without memory.
 */
MUST_USE int robots_read(struct arena *arena, struct str text,
    const struct str *names, struct robots *out);

/* Whether the decoded path, which begins with "/", may be requested. */
bool robots_allow(const struct robots *robots, struct str path);

#endif
