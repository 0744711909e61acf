#ifndef DAEMON_ANSWERS_H
#define DAEMON_ANSWERS_H

#include "daemon/service.h"
#include "serve/response.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "text/attribute.h"

/* The exit status of the process, and of a child, that met a damaged index. */
#define ANSWERS_DAMAGED 3

/* The setup of the process; borrowed. */
struct answers_setup {
	const struct service *service; /* its sockets */
	const struct server *server; /* without `answers` */
	const struct jail *jail;
	/* The limits that count the cost of answers for each network. */
	struct limit_table *limits;
	const struct limit_rules *rules;
	int state; /* the directory of the index; -1: no index */
};

/*
 * Runs the process that answers slow requests: it forks a child for each
 * question, manifest and archive, which answers the worker (serve/remote.h).
 * Questions wait in a queue. One network may have a quarter of the queue, and
 * of the concurrent archives. Returns the exit status after the master and the
 * last worker have gone.
 */
MUST_USE int answers_run(const struct answers_setup *setup);

#endif
