#ifndef DAEMON_CONFIG_PARSE_H
#define DAEMON_CONFIG_PARSE_H

#include "daemon/config_section.h"
#include "text/arena.h"
#include "text/attribute.h"

/*
 * Reads a configuration file, and the files that it includes, into `top`.
 * Everything lives in the arena. Returns -1 with config->error set.
 */
MUST_USE int config_parse(struct config_section *top, const char *file,
    struct arena *arena, struct config *config);

#endif
