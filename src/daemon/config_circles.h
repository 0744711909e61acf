#ifndef DAEMON_CONFIG_CIRCLES_H
#define DAEMON_CONFIG_CIRCLES_H

#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/config_values.h"
#include "text/attribute.h"

/*
 * Refuses moves that lead back to themselves, over the paths of one host or the
 * URLs of several. The configuration is complete. Returns -1 with config->error
 * set.
 */
MUST_USE int config_circles_check(struct config_loader *loader);

/*
 * Whether the configuration has so many hosts and moves outside of hosts that
 * only the first host was checked for circles of these moves.
 */
bool config_circles_is_partial(const struct config *config);

#endif
