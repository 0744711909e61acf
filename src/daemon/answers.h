#ifndef DAEMON_ANSWERS_H
#define DAEMON_ANSWERS_H

#include "daemon/answerchild.h"
#include "text/attribute.h"

/*
 * Runs the process that answers slow requests: it forks a child for each
 * question, manifest, archive and long listing, which answers the worker
 * (serve/remote.h). Questions wait in a queue. One network may have a quarter
 * of the queue, and of the concurrent archives. Returns the exit status after
 * the master and the last worker have gone.
 */
MUST_USE int answers_run(const struct answers_setup *setup);

#endif
