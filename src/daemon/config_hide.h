#ifndef DAEMON_CONFIG_HIDE_H
#define DAEMON_CONFIG_HIDE_H

#include "daemon/config_values.h"
#include "text/attribute.h"

/*
 * Makes host->zones of the rules of a host: the parts that have readers or a
 * program, and the parts within these. Returns -1 with config->error set.
 */
MUST_USE int
config_hide_parts(struct config_loader *loader, struct host_config *host);

/*
 * Adds the directories of CGI scripts and the FastCGI scripts of all hosts to
 * the zones of each host, if their real paths are in its capsule. Missing files
 * are left out. Returns -1 with config->error set.
 */
MUST_USE int config_hide_files(struct config_loader *loader);

#endif
