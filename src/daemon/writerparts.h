#ifndef DAEMON_WRITERPARTS_H
#define DAEMON_WRITERPARTS_H

#include <stddef.h>

#include "serve/host.h"
#include "text/attribute.h"

/* The folders of all parts of all hosts that have writers. */
struct writerparts {
	int *folders; /* open; of a page, the folder that it is in */
	size_t count;
};

/*
 * Opens the folders; logs those that cannot be opened, and does without them.
 * Returns -1 without memory.
 */
MUST_USE int
writerparts_open(struct writerparts *parts, const struct server *server);
void writerparts_release(struct writerparts *parts);

/* Removes files under construction that no process writes any more. */
void writerparts_clean(const struct server *server);

#define WRITERPARTS_PATH_MAX 4096

/*
 * Writes the path of the folder of a part, with slashes at both ends; empty
 * when it is too long. It has `depth` names.
 */
struct str writerparts_folder(const struct rules_part *part,
    char path[WRITERPARTS_PATH_MAX], size_t *depth);

#endif
