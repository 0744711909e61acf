#ifndef DAEMON_STARTUP_H
#define DAEMON_STARTUP_H

#include <stddef.h>

#include "daemon/children.h"
#include "text/attribute.h"

/* Sets the members that need no configuration; -1 with one line in `error`. */
MUST_USE int
startup_begin(struct master *master, char *error, size_t error_size);

/* Takes over the state directory that a predecessor left. */
void startup_adopt(struct master *master, const struct config *config);

/* Logs that the server is ready; a successor takes over the old children. */
void startup_announce(struct master *master);

#endif
