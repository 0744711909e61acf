#ifndef DAEMON_ANSWERS_H
#define DAEMON_ANSWERS_H

#include "daemon/service.h"
#include "serve/response.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "text/attribute.h"

/* The parts of the process; borrowed. */
struct answers_setup {
	const struct service *service; /* its lines */
	const struct server *server; /* without `answers` */
	const struct jail *jail;
	/* Whose network is charged with what its answers cost. */
	struct limit_table *limits;
	const struct limit_rules *rules;
	int state; /* the directory of the index; -1: nothing is indexed */
};

/*
 * The process for slow pages: forks a child for each question, manifest and
 * archive, which answers the worker that asked (serve/remote.h). Questions
 * wait in a queue; a quarter of it, and of the archives at once, is the most
 * for one network. Returns the exit status when the master and the last worker
 * have gone.
 */
MUST_USE int answers_run(const struct answers_setup *setup);

#endif
