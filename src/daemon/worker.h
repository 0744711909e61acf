#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stddef.h>

#include "daemon/config.h"
#include "serve/readerset.h"
#include "serve/response.h"
#include "sys/counts.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "sys/log.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "wire/conn.h"

/* The message to the master that the keys process does not answer. */
#define WORKER_KEYS_SILENT 'k'

/* A listening socket of this worker, and its kind of connections. */
struct worker_socket {
	int fd;
	struct conn_kind kind;
	bool activated; /* opened by a service manager, which keeps it */
};

/* The setup of a worker; borrowed. */
struct worker_setup {
	const struct config *config;
	const struct server *server;
	struct readerset *readers; /* of `server` */
	struct tls_context *tls; /* NULL without TLS */
	const struct jail *jail;
	const struct jail_roots *roots; /* of all hosts */
	const struct worker_socket *sockets;
	size_t socket_count;
	int keys; /* socket to the keys process; -1: none */
	int answers; /* socket to the answers process; -1: none */
	int runner, writer; /* the same for these; -1: none */
	int line; /* to the master; the worker ends with it */
	struct limit_table *limits;
	size_t number; /* its number in the limits */
	struct log_store *held; /* buffer for log lines, or NULL */
	struct counts *counts; /* its numbers, or NULL */
};

/*
 * Serves clients until SIGTERM, or the end of `line`, and returns the exit
 * status of the process. On SIGTERM it stops accepting and ends after its last
 * client, or at the shutdown deadline.
 */
MUST_USE int worker_run(const struct worker_setup *setup);

#endif
