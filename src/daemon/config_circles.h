#ifndef DAEMON_CONFIG_CIRCLES_H
#define DAEMON_CONFIG_CIRCLES_H

#include "daemon/config_values.h"
#include "text/attribute.h"

/*
 * Refuses moves that lead back to themselves, over the paths of one host or the
 * URLs of several. The configuration is complete. Returns -1 with config->error
 * set.
 */
MUST_USE int config_circles_check(struct config_loader *loader);

#endif
