#ifndef DAEMON_READY_H
#define DAEMON_READY_H

#include "daemon/config.h"
#include "daemon/listeners.h"

/* Logs "ready" with the bound addresses, at level info. */
void ready_log(const struct listeners *listeners, const struct config *config);

/*
 * Prints the URLs of each host's home page to standard output, one on each line
 * and nothing else, so that they can be copied into a client.
 */
void ready_print_urls(const struct config *config);

#endif
