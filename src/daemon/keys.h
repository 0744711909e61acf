#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

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
	char key_fingerprint[65]; /* and of its key */
	pid_t heard; /* the process that has sent its certificate */
	pid_t pinged; /* the process that has a ping to answer; 0: none */
	struct timespec pinged_at;
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

/*
 * Notes that a child ended, hears what it sent before, and has it replaced;
 * false when it is another.
 */
bool keys_reap(struct keys *keys, pid_t pid, int status);

/*
 * Asks the process for an answer: a worker says that it is silent. A word of
 * a worker alone kills no process, which may only have much to do.
 */
void keys_ping(struct keys *keys);

/* Kills a process that did not load its key, or answer a ping, in time. */
void keys_watch(struct keys *keys);

/* `ms`, or less when keys_watch is due before. */
long keys_due_ms(const struct keys *keys, long ms);

/* Lets the process go, which ends with its last worker. */
void keys_retire(struct keys *keys);

/* Ends the process. */
void keys_stop(struct keys *keys);

#endif
