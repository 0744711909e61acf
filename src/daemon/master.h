#ifndef DAEMON_MASTER_H
#define DAEMON_MASTER_H

#include "daemon/config.h"
#include "daemon/options.h"
#include "daemon/reexec.h"
#include "text/attribute.h"

/*
 * Binds the sockets, loads the keys, and keeps workers running until it is told
 * to end: SIGTERM and SIGINT drain and end, SIGHUP reloads the configuration,
 * from `options`, and the certificates. Takes `config`. Returns the exit
 * status: 0 when asked to stop; 1 when it could not start, with the reason in
 * one line on standard error.
 */
MUST_USE int master_run(struct config *config, const struct options *options,
    const struct reexec *reexec);

#endif
