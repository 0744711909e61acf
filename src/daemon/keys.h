#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stddef.h>
#include <sys/types.h>

#include "daemon/config.h"
#include "daemon/service.h"
#include "sys/cert.h"
#include "sys/jail.h"
#include "text/attribute.h"

/*
 * The process that holds the private key: it alone reads, makes and checks the
 * pair, sends the certificate to the master, and then signs the handshakes of
 * the workers (sys/signing.h). The master and the workers never have the key.
 */
struct keys {
	struct service service;
	const struct config *config; /* this and the next, borrowed */
	const struct jail *jail;
	enum cert_missing missing; /* for the next process */
	char fingerprint[65]; /* of the certificate that workers show */
	pid_t heard; /* the process that has sent its certificate */
};

/*
 * Starts the process, and waits until it has loaded the pair; fills `cert`,
 * whose key signs by keyprovider_use. With CERT_ALLOW there may be none, and
 * no process. Returns -1 with one line in `error`. `keys` stays where it is
 * until keys_retire.
 */
MUST_USE int keys_start(
    struct keys *keys, struct cert *cert, char *error, size_t error_size);

/*
 * Hears a process that took the place of one that died: it has to have the
 * same pair. To be called when keys->service.line is readable.
 */
void keys_listen(struct keys *keys);

/* Replaces the process when it is silent: a worker said so. */
void keys_replace(struct keys *keys);

/* Lets the process go, which ends with its last worker. */
void keys_retire(struct keys *keys);

/* Ends the process. */
void keys_stop(struct keys *keys);

#endif
