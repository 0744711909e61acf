#ifndef DAEMON_CONFIG_LOAD_H
#define DAEMON_CONFIG_LOAD_H

#include "daemon/config.h"
#include "daemon/options.h"
#include "text/attribute.h"

/*
 * Fills `config` from the defaults, then the file, then the settings of the
 * command line. A list from the command line, one entry for each setting,
 * replaces the file's; an empty setting makes the list empty. Returns -1 with a
 * line in config->error: `FILE:LINE: problem, remedy`, without the line if
 * there is none, or `-g: problem, remedy`, with the key after the flag for -o.
 * Then `config` holds nothing to release.
 */
MUST_USE int config_load(struct config *config, const struct options *options);

#endif
