#ifndef TEXT_PATHLIST_H
#define TEXT_PATHLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/* A list of paths that grows.  Zeroed: empty. */
struct pathlist {
	const char **paths; /* each ends with a NUL */
	size_t count, room;
	struct arena arena;
};

/* Adds a copy; -1 with errno set without memory. */
MUST_USE int pathlist_add(struct pathlist *list, struct str path);

/* Whether it holds the path; looks at each. */
bool pathlist_has(const struct pathlist *list, struct str path);

/* Takes the paths of the list, and leaves it empty. */
struct pathlist pathlist_move(struct pathlist *list);

/* Empties it. */
void pathlist_release(struct pathlist *list);

#endif
