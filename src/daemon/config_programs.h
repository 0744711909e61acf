#ifndef DAEMON_CONFIG_PROGRAMS_H
#define DAEMON_CONFIG_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config_values.h"
#include "text/attribute.h"

/*
 * Refuses a section that has two programs: two of the keys cgi, scgi and
 * fastcgi with a value. Returns -1 with config->error set.
 */
MUST_USE int config_programs_check(struct config_loader *loader);

/*
 * Whether the section of a host has a program, so that a value of `key`
 * outside of all sections, which names another program, does not apply.
 */
bool config_programs_replace(const struct config_section *section, size_t key);

#endif
