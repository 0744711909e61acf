#ifndef DAEMON_STATUSTEXT_H
#define DAEMON_STATUSTEXT_H

#include "daemon/children.h"

/*
 * Sends the status of the server to each client that has connected to its
 * socket: lines of the form key=value, which capsuled(8) lists.
 */
void statustext_answer(struct master *master);

#endif
