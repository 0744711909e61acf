#ifndef DAEMON_MASTER_H
#define DAEMON_MASTER_H

#include "daemon/config.h"
#include "daemon/reexec.h"
#include "text/attribute.h"

/*
 * Binds every socket, loads keys, and keeps workers alive until it is told
 * to end: SIGTERM and SIGINT drain and end, SIGHUP loads configuration and
 * certificates anew, from `options`.  Takes `config`.  Returns the exit
 * status: 0 when asked to stop, 1 when it could not start; then one line on
 * standard error said why.
 */
MUST_USE int master_run(struct config *config, const struct options *options,
    const struct reexec *reexec);

#endif
