#ifndef DAEMON_KEYSIGNER_H
#define DAEMON_KEYSIGNER_H

#include <stddef.h>

#include "daemon/config.h"
#include "daemon/service.h"
#include "sys/cert.h"
#include "sys/jail.h"
#include "text/hostnames.h"

/* The message of a ping and of its answer. */
#define KEYSIGNER_PING 'p'
/* A certificate and its chain. */
#define KEYSIGNER_MESSAGE_MAX ((size_t)128 << 10)

/*
 * The first messages of the process: one for each host, in the order of the
 * configuration, followed by the host's certificates in DER; then one without
 * certificates, once the process is in its jail.
 */
struct keysigner_loaded {
	char error[4608]; /* an error message of one line; empty on success */
	struct cert cert; /* its pointers are invalid in the master */
	size_t certificates; /* the number of certificates that follow */
};

/* The fingerprints of the pair that a host uses; empty without one. */
struct keysigner_pair {
	char fingerprint[65], key_fingerprint[65];
};

/* The setup of the process; the first three are borrowed. */
struct keysigner {
	const struct config *config;
	const struct jail *jail;
	/* The names that have a key, which is not made again; NULL: none. */
	const struct hostnames *known;
	enum cert_missing missing; /* used when the next process starts */
	/* Called in the new process: frees inherited memory; or NULL. */
	void (*forget)(void *context);
	void *context; /* of forget */
	/*
	 * Of each host. NULL in the first process, which ends at an error; its
	 * successors sign with the other keys.
	 */
	const struct keysigner_pair *pairs;
};

/*
 * The work of the process, for struct service; `context` is a struct keysigner.
 * Exits when the master and the last worker have gone.
 */
void keysigner_run(void *context, const struct service *service);

#endif
