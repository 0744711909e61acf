#ifndef DAEMON_WRITER_H
#define DAEMON_WRITER_H

#include "daemon/service.h"
#include "serve/host.h"
#include "sys/jail.h"
#include "text/attribute.h"

/* The setup of the process; borrowed. */
struct writer_setup {
	const struct service *service; /* its sockets */
	const struct server *server; /* its hosts, and media */
	const struct jail *jail;
	const struct jail_roots *roots; /* of all hosts */
};

/*
 * Runs the process that stores uploads (serve/uploadcall.h): it writes beneath
 * the parts that have writers only. First removes the unfinished files of a
 * killed process there. Returns the exit status after the master and the last
 * worker have gone and the last upload has ended.
 */
MUST_USE int writer_run(const struct writer_setup *setup);

#endif
