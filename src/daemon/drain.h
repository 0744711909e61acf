#ifndef DAEMON_DRAIN_H
#define DAEMON_DRAIN_H

#include "daemon/listeners.h"

/*
 * Before the listeners close: refuses new connections, and waits until the
 * workers can accept the existing ones, for five seconds at most or until a
 * second signal to stop.  Connections without data are not accepted yet
 * (TCP_DEFER_ACCEPT), and the kernel resets them when a listener closes. Leaves
 * out the sockets of a service manager: they stay open for the next server.
 */
void drain_listeners(const struct listeners *listeners);

#endif
