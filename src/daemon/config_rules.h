#ifndef DAEMON_CONFIG_RULES_H
#define DAEMON_CONFIG_RULES_H

#include "daemon/config_values.h"
#include "text/attribute.h"

/*
 * Reads the moves outside of all sections; `out` is NULL when there are none.
 * Returns -1 with config->error set.
 */
MUST_USE int config_rules_read_common(
    struct config_loader *loader, const struct rules **out);

/*
 * Reads the paths of a host, its own and those outside of all sections, and its
 * own moves; the section is NULL without hosts. host->whole and
 * host->rules.common are complete. Returns -1 with config->error set.
 */
MUST_USE int config_rules_read(struct config_loader *loader,
    struct host_config *host, const struct config_section *section);

#endif
