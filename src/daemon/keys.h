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
 * The process that holds the private keys: it alone reads, makes and checks the
 * pairs, sends the certificates to the master, and then signs the handshakes of
 * the workers (sys/signing.h). The master and the workers never have a key.
 */
struct keys {
	struct service service;
	struct keysigner signer; /* the setup of the process */
	struct keysigner_pair *pairs; /* in use, of each host */
	size_t loaded; /* the first messages that have come so far */
	struct timespec loaded_at; /* when the last of them came */
	pid_t heard; /* the process that has sent all its certificates */
	pid_t pinged; /* the process that has to answer a ping; 0: none */
	struct timespec pinged_at;
};

/*
 * Starts the process, and waits until it has loaded the pair of each host.
 * Fills `certs`, one for each host, and makes their keys ones that
 * keyprovider_use can sign with. With CERT_ALLOW pairs may be absent; without
 * any there is no process. Returns -1 with one line in `error`, and no cert to
 * release. `keys` must not move until its service is retired; the caller frees
 * keys->pairs after that.
 */
MUST_USE int keys_start(
    struct keys *keys, struct cert *certs, char *error, size_t error_size);

/*
 * Reads the first messages of a process that replaces a dead one: it must have
 * the same pairs. To be called when keys->service.line is readable.
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
