#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stddef.h>

#include "daemon/config.h"
#include "serve/response.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "sys/log.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "wire/conn.h"

/* With this word it tells the master that the keys process is silent. */
#define WORKER_KEYS_SILENT 'k'

/* A listening socket of this worker, and who comes there. */
struct worker_socket {
	int fd;
	struct conn_kind kind;
};

/* All that a worker works with; borrowed. */
struct worker_setup {
	const struct config *config;
	const struct server *server;
	struct tls_context *tls; /* NULL when nothing speaks TLS */
	const struct jail *jail;
	const struct worker_socket *sockets;
	size_t socket_count;
	int keys; /* the line to the process that signs; -1: none */
	int answers; /* the line to the process for slow pages; -1: none */
	int line; /* to the master; it ends with it */
	struct limit_table *limits;
	size_t number; /* by which the limits know this worker */
	struct log_store *held; /* for lines of the log, or NULL */
};

/*
 * Serves clients until SIGTERM, or the end of the line, and returns the
 * exit status for the process.  On SIGTERM it takes no more clients and
 * ends with the last of those it has, or with the shutdown deadline.
 */
MUST_USE int worker_run(const struct worker_setup *setup);

#endif
