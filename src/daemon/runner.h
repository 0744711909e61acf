#ifndef DAEMON_RUNNER_H
#define DAEMON_RUNNER_H

#include "daemon/config.h"
#include "daemon/service.h"
#include "serve/response.h"
#include "sys/jail.h"
#include "sys/scriptjail.h"
#include "text/attribute.h"

/* The setup of the process; borrowed. */
struct runner_setup {
	const struct service *service; /* its sockets */
	const struct config *config;
	const struct server *server;
	const struct jail *jail;
	const struct jail_roots *roots; /* of all hosts */
	const struct scriptjail *scripts; /* unset without CGI */
};

/*
 * Runs the process that starts CGI scripts, and connects to SCGI and FastCGI
 * servers, for requests of workers (serve/programcall.h), which it answers as
 * in daemon/runnerjobs.h. Returns the exit status after the master, the last
 * worker and the last script have gone.
 */
MUST_USE int runner_run(const struct runner_setup *setup);

#endif
