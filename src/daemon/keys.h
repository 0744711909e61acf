#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/config.h"
#include "daemon/keysigner.h"
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
	struct keysigner signer; /* the setup of the process */
	char fingerprint[65]; /* of the certificate in use */
	pid_t heard; /* the process that has sent its certificate */
	pid_t pinged; /* the process that has to answer a ping; 0: none */
	struct timespec pinged_at;
};

/*
 * Starts the process, and waits until it has loaded the pair. Fills `cert`, and
 * makes its key one that keyprovider_use can sign with. With CERT_ALLOW the
 * pair may be absent; then there is no process. Returns -1 with one line in
 * `error`. `keys` must not move until its service is retired.
 */
MUST_USE int keys_start(
    struct keys *keys, struct cert *cert, char *error, size_t error_size);

/*
 * Reads the first message of a process that replaces a dead one: it must have
 * the same pair. To be called when keys->service.line is readable.
 */
void keys_listen(struct keys *keys);

/*
 * Handles a child's end: reads its last messages, and has it replaced. False
 * when it is not this process.
 */
bool keys_reap(struct keys *keys, pid_t pid, int status);

/*
 * Pings the process, after a worker reported that it does not answer. A
 * worker's report alone must not kill a process, which may only be busy.
 */
void keys_ping(struct keys *keys);

/* Kills a process that did not load its key, or answer a ping, in time. */
void keys_watch(struct keys *keys);

/* The lower of `ms` and the time until keys_watch is due. */
long keys_due_ms(const struct keys *keys, long ms);

#endif
