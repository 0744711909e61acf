#ifndef DAEMON_CONFIG_LISTS_H
#define DAEMON_CONFIG_LISTS_H

#include "daemon/config_settings.h"
#include "text/attribute.h"

/*
 * Refuses a setting of readers or writers, which begins at `at`, if it replaces
 * another one of the section, or appends nothing: the part might be open by
 * mistake. Accepts other settings. Returns -1 with config->error set.
 */
MUST_USE int config_lists_check(struct config_settings *settings,
    const char *at, struct config_place place);

#endif
