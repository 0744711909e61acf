#ifndef DAEMON_LASTCLIENTS_H
#define DAEMON_LASTCLIENTS_H

#include "daemon/listeners.h"

/*
 * Before the listeners close: lets no new client connect, and waits until the
 * workers can accept those that have connected, for five seconds at most or
 * until a second signal to stop.  The kernel holds clients back that have sent
 * nothing (TCP_DEFER_ACCEPT), and resets them when a listener closes.  Not for
 * sockets that another process keeps open: they refuse new clients for good.
 */
void lastclients_wait(const struct listeners *listeners);

#endif
