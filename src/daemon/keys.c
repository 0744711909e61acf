/*
 * The process with the private key, as the master sees it.
 */
#include "daemon/keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "daemon/keysigner.h"
#include "daemon/signals.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/keyprovider.h"
#include "sys/log.h"
#include "sys/signing.h"

/* A generous limit for making a key, or reading one from a slow disk. */
#define LOAD_MAX_MS 10000
/* The time limit of the answer to KEYSIGNER_PING. */
#define PING_MAX_MS 1000
/* Parses the first certificate in `der`; NULL when it is malformed. */
static X509 *
take_certificate(struct str *der)
{
	const unsigned char *at = (const unsigned char *)der->at;
	X509 *certificate = d2i_X509(NULL, &at, (long)der->len);

	if (certificate != NULL)
		*der = str_tail(
		    *der, (size_t)(at - (const unsigned char *)der->at));
	return certificate;
}

/*
 * Copies the fixed part of a message. The process may have been hijacked: drop
 * its pointers, terminate strings, and check counts.
 */
static int
copy_loaded(struct str message, struct keysigner_loaded *loaded)
{
	struct cert *cert = &loaded->cert;
	unsigned char made;

	if (message.len < sizeof *loaded)
		return -1;
	memcpy(loaded, message.at, sizeof *loaded);
	cert->leaf = NULL;
	cert->chain = NULL;
	cert->key = NULL;
	/* A byte other than 0 and 1 is not a valid bool. */
	memcpy(&made, &cert->made, sizeof made);
	cert->made = made == 1;
	loaded->error[sizeof loaded->error - 1] = '\0';
	cert->fingerprint[sizeof cert->fingerprint - 1] = '\0';
	cert->key_fingerprint[sizeof cert->key_fingerprint - 1] = '\0';
	cert->file[sizeof cert->file - 1] = '\0';
	for (size_t i = 0; i < CERT_WARNINGS_MAX; i++)
		cert->warnings[i][sizeof cert->warnings[i] - 1] = '\0';
	return cert->warning_count <= CERT_WARNINGS_MAX ? 0 : -1;
}

/* Fills `cert`; -1 when the message is malformed, or without memory. */
static int
read_loaded(struct str message, struct keysigner_loaded *loaded)
{
	struct cert *cert = &loaded->cert;

	if (copy_loaded(message, loaded) == -1)
		return -1;
	message = str_tail(message, sizeof *loaded);
	if (loaded->error[0] != '\0' || loaded->certificates == 0)
		return 0;
	cert->leaf = take_certificate(&message);
	if (cert->leaf == NULL)
		return -1;
	for (size_t i = 1; i < loaded->certificates; i++) {
		X509 *next = take_certificate(&message);

		if (cert->chain == NULL)
			cert->chain = sk_X509_new_null();
		if (next == NULL || cert->chain == NULL ||
		    sk_X509_push(cert->chain, next) == 0) {
			X509_free(next);
			return -1;
		}
	}
	cert->key = keyprovider_key(X509_get0_pubkey(cert->leaf), 0);
	return cert->key != NULL ? 0 : -1;
}

/* Receives the first message of the process; -1 on failure. */
static int
receive_loaded(int line, struct keysigner_loaded *loaded)
{
	static char bytes[KEYSIGNER_MESSAGE_MAX];
	ssize_t got = fdpass_receive_bytes(line, bytes, sizeof bytes, 0);

	*loaded = (struct keysigner_loaded){ .certificates = 0 };
	return got > 0 ? read_loaded((struct str){ bytes, (size_t)got }, loaded)
		       : -1;
}

static bool
is_readable(int line)
{
	struct pollfd ready = { .fd = line, .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

/* Waits for the first message, but not if the server is to stop. */
static bool
waits_for_first(int line)
{
	const struct timespec due = clock_in(LOAD_MAX_MS);
	int result;

	do
		result = signals_wait(line, &due);
	while (result == -1 && errno == EINTR && signals.stop == 0);
	return result == 1;
}

/* Receives the pair of the first process; -1 with a line in `error`. */
static int
receive_first(struct keys *keys, struct keysigner_loaded *loaded, char *error,
    size_t error_size)
{
	if (keys->service.pid == 0)
		snprintf(error, error_size, "cannot start the keys process");
	else if (!waits_for_first(keys->service.line))
		snprintf(error, error_size,
		    "the keys process did not load the key in %d s",
		    LOAD_MAX_MS / 1000);
	else if (receive_loaded(keys->service.line, loaded) == -1)
		snprintf(error, error_size,
		    "the keys process ended before it had loaded the key");
	else if (loaded->error[0] != '\0')
		snprintf(error, error_size, "%s", loaded->error);
	else
		return 0;
	return -1;
}

int
keys_start(struct keys *keys, struct cert *cert, char *error, size_t error_size)
{
	static struct keysigner_loaded loaded;

	keys->service.name = "keys";
	keys->service.pair = signing_pair;
	keys->service.work = keysigner_run;
	keys->service.context = &keys->signer;
	service_init(&keys->service);
	service_start_due(&keys->service);
	loaded = (struct keysigner_loaded){ .certificates = 0 };
	if (receive_first(keys, &loaded, error, error_size) == -1) {
		cert_release(&loaded.cert);
		service_stop(&keys->service);
		return -1;
	}
	*cert = loaded.cert;
	keys->heard = keys->service.pid;
	if (cert->leaf == NULL)
		service_stop(&keys->service);
	/* A key in use is never made again. */
	keys->signer.missing = CERT_REFUSE;
	memcpy(keys->fingerprint, cert->fingerprint, sizeof keys->fingerprint);
	memcpy(keys->signer.key_fingerprint, cert->key_fingerprint,
	    sizeof keys->signer.key_fingerprint);
	return 0;
}

/* Reads the first message of a successor; -1 when it is invalid. */
static int
hear_successor(struct keys *keys)
{
	static struct keysigner_loaded loaded;
	int result = receive_loaded(keys->service.line, &loaded);

	if (result == 0 && loaded.error[0] != '\0')
		log_line(LOG_LEVEL_ERROR,
		    "keys: %s; no client can connect over TLS until then",
		    loaded.error);
	else if (result == 0 &&
	    strcmp(loaded.cert.key_fingerprint, keys->signer.key_fingerprint) !=
		0)
		log_line(LOG_LEVEL_ERROR,
		    "keys: %s is another certificate than the one in use, so "
		    "no client can connect over TLS; send SIGHUP to use it",
		    loaded.cert.file);
	else if (result == 0 &&
	    strcmp(loaded.cert.fingerprint, keys->fingerprint) != 0)
		log_line(LOG_LEVEL_WARN,
		    "keys: %s is another certificate than the one in use, with "
		    "the same key; send SIGHUP to use it",
		    loaded.cert.file);
	cert_release(&loaded.cert);
	return result;
}

/* Reads the answer to a ping; -1 when it is invalid. */
static int
hear_pong(struct keys *keys)
{
	char word;
	ssize_t got = fdpass_receive_bytes(keys->service.line, &word, 1, 0);

	if (got != 1 || word != KEYSIGNER_PING ||
	    keys->pinged != keys->service.pid)
		return -1;
	keys->pinged = 0;
	return 0;
}

void
keys_listen(struct keys *keys)
{
	pid_t pid = keys->service.pid;

	if (pid == 0 || !is_readable(keys->service.line))
		return;
	/* Any other message, or the end, is a fault of the process. */
	if ((keys->heard == pid ? hear_pong(keys) : hear_successor(keys)) == -1)
		kill(pid, SIGKILL);
	keys->heard = pid;
}

bool
keys_reap(struct keys *keys, pid_t pid, int status)
{
	struct service *service = &keys->service;

	if (service->pid != pid)
		return false;
	/* Its first message says why it ended. */
	if (keys->heard != pid && is_readable(service->line))
		(void)!hear_successor(keys);
	keys->heard = 0;
	keys->pinged = 0;
	return service_reap(service, pid, status, true);
}

void
keys_ping(struct keys *keys)
{
	pid_t pid = keys->service.pid;

	/* A process that is still loading its key gets time: see keys_watch. */
	if (pid == 0 || keys->heard != pid || keys->pinged == pid)
		return;
	keys->pinged = pid;
	keys->pinged_at = clock_now();
	/* A full socket means that the process does not read. */
	(void)!fdpass_send(keys->service.line, KEYSIGNER_PING, -1);
}

/* Milliseconds until the process's next message is overdue; -1: none is due. */
static long
speaks_in_ms(const struct keys *keys)
{
	const struct service *service = &keys->service;
	long ms = -1;

	if (service->pid == 0)
		return -1;
	if (keys->heard != service->pid)
		ms = LOAD_MAX_MS - clock_since_ms(&service->started);
	else if (keys->pinged == service->pid)
		ms = PING_MAX_MS - clock_since_ms(&keys->pinged_at);
	else
		return -1;
	return ms > 0 ? ms : 0;
}

long
keys_due_ms(const struct keys *keys, long ms)
{
	long speaks = speaks_in_ms(keys);

	return speaks != -1 && speaks < ms ? speaks : ms;
}

void
keys_watch(struct keys *keys)
{
	pid_t pid = keys->service.pid;

	if (speaks_in_ms(keys) != 0)
		return;
	if (keys->heard != pid)
		log_line(LOG_LEVEL_ERROR,
		    "master: keys process %ld did not load the key in %d s, "
		    "replacing it",
		    (long)pid, LOAD_MAX_MS / 1000);
	else
		log_line(LOG_LEVEL_ERROR,
		    "master: keys process %ld does not answer, replacing it",
		    (long)pid);
	kill(pid, SIGKILL);
	/* Kill only once. */
	keys->heard = pid;
	keys->pinged = 0;
}
