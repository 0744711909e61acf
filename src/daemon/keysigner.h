#ifndef DAEMON_KEYSIGNER_H
#define DAEMON_KEYSIGNER_H

#include <stddef.h>

#include "daemon/config.h"
#include "daemon/service.h"
#include "sys/cert.h"
#include "sys/jail.h"

/* The message of a ping and of its answer. */
#define KEYSIGNER_PING 'p'
/* A certificate and its chain. */
#define KEYSIGNER_MESSAGE_MAX ((size_t)128 << 10)

/* The first message of the process, followed by certificates in DER. */
struct keysigner_loaded {
	char error[4608]; /* an error message of one line; empty on success */
	struct cert cert; /* its pointers are invalid in the master */
	size_t certificates; /* the number of certificates that follow */
};

/* The setup of the process; the first two are borrowed. */
struct keysigner {
	const struct config *config;
	const struct jail *jail;
	enum cert_missing missing; /* used when the next process starts */
	/* Called in the new process: frees inherited memory; or NULL. */
	void (*forget)(void *context);
	void *context; /* of forget */
	char key_fingerprint[65]; /* of the key in use; empty: any key */
};

/*
 * The work of the process, for struct service; `context` is a struct keysigner.
 * Exits when the master and the last worker have gone.
 */
void keysigner_run(void *context, const struct service *service);

#endif
