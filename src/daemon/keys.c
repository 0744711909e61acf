/*
 * The process with the private keys, as the master sees it.
 */
#include "daemon/keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/*
 * Fills `loaded` with the message about a host; -1 when it is malformed, or
 * without memory.
 */
static int
read_loaded(struct str message, size_t host, struct keysigner_loaded *loaded)
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
	cert->key =
	    keyprovider_key(X509_get0_pubkey(cert->leaf), (uint16_t)host);
	return cert->key != NULL ? 0 : -1;
}

/* Receives the next of the first messages; -1 on failure. */
static int
receive_loaded(struct keys *keys, struct keysigner_loaded *loaded)
{
	static char bytes[KEYSIGNER_MESSAGE_MAX];
	ssize_t got =
	    fdpass_receive_bytes(keys->service.line, bytes, sizeof bytes, 0);

	*loaded = (struct keysigner_loaded){ .certificates = 0 };
	if (got < 1 ||
	    read_loaded(
		(struct str){ bytes, (size_t)got }, keys->loaded, loaded) == -1)
		return -1;
	keys->loaded++;
	keys->loaded_at = clock_now();
	return 0;
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

/* Receives a message of the first process; -1 with a line in `error`. */
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
	else if (receive_loaded(keys, loaded) == -1)
		snprintf(error, error_size,
		    "the keys process ended before it had loaded the key");
	else if (loaded->error[0] != '\0')
		snprintf(error, error_size, "%s", loaded->error);
	else
		return 0;
	cert_release(&loaded->cert);
	return -1;
}

/* Receives all pairs of the first process; -1 with a line in `error`. */
static int
receive_all(struct keys *keys, struct cert *certs, struct buf *error)
{
	static struct keysigner_loaded loaded;
	size_t count = keys->signer.config->host_count;
	char text[sizeof loaded.error];
	size_t i = 0;

	while (i <= count &&
	    receive_first(keys, &loaded, text, sizeof text) == 0) {
		if (i < count)
			certs[i] = loaded.cert;
		else
			cert_release(&loaded.cert);
		/* The certificate belongs to `certs` now, or is released. */
		loaded.cert = (struct cert){ .leaf = NULL };
		i++;
	}
	if (i > count)
		return 0;
	buf_add(error, str_of(text));
	while (i-- > 0)
		cert_release(&certs[i]);
	return -1;
}

int
keys_start(
    struct keys *keys, struct cert *certs, char *error, size_t error_size)
{
	struct buf text = buf_over(error, error_size - 1);
	size_t count = keys->signer.config->host_count;
	bool any = false;
	int result;

	keys->service.name = "keys";
	keys->service.pair = signing_pair;
	keys->service.work = keysigner_run;
	keys->service.context = &keys->signer;
	keys->loaded = 0;
	service_init(&keys->service);
	service_start_due(&keys->service);
	keys->pairs = calloc(count, sizeof *keys->pairs);
	result = keys->pairs != NULL ? receive_all(keys, certs, &text) : -1;
	error[text.len] = '\0';
	for (size_t i = 0; result == 0 && i < count; i++) {
		memcpy(keys->pairs[i].fingerprint, certs[i].fingerprint,
		    sizeof keys->pairs[i].fingerprint);
		memcpy(keys->pairs[i].key_fingerprint, certs[i].key_fingerprint,
		    sizeof keys->pairs[i].key_fingerprint);
		any |= certs[i].leaf != NULL;
	}
	keys->heard = keys->service.pid;
	if (!any)
		service_stop(&keys->service);
	/* A key in use is never made again. */
	keys->signer.missing = CERT_REFUSE;
	keys->signer.known = NULL;
	keys->signer.pairs = keys->pairs;
	return result;
}

/* Compares the pair of a host with the one in use. */
static void
compare_pair(
    const struct keys *keys, size_t host, const struct keysigner_loaded *loaded)
{
	const struct keysigner_pair *pair = &keys->pairs[host];
	const struct cert *cert = &loaded->cert;

	if (loaded->error[0] != '\0')
		log_line(LOG_LEVEL_ERROR,
		    "keys: %s; no client can connect over TLS until %s",
		    loaded->error,
		    keys->signer.config->host_count == 1
			? "this is corrected"
			: "this is corrected and SIGHUP is sent");
	else if (strcmp(cert->key_fingerprint, pair->key_fingerprint) != 0)
		log_line(LOG_LEVEL_ERROR,
		    "keys: %s is another certificate than the one in use, so "
		    "no client can connect over TLS; send SIGHUP to use it",
		    cert->file);
	else if (strcmp(cert->fingerprint, pair->fingerprint) != 0)
		log_line(LOG_LEVEL_WARN,
		    "keys: %s is another certificate than the one in use, with "
		    "the same key; send SIGHUP to use it",
		    cert->file);
}

/* Reads the first messages of a successor; -1 when one is invalid. */
static int
hear_successor(struct keys *keys)
{
	static struct keysigner_loaded loaded;
	size_t count = keys->signer.config->host_count;
	int result = 0;

	while (result == 0 && keys->loaded <= count &&
	    is_readable(keys->service.line)) {
		size_t host = keys->loaded;

		result = receive_loaded(keys, &loaded);
		if (result == 0 && host < count)
			compare_pair(keys, host, &loaded);
		else if (result == 0 && loaded.error[0] != '\0')
			log_line(LOG_LEVEL_ERROR, "keys: %s", loaded.error);
		cert_release(&loaded.cert);
	}
	if (keys->loaded > count)
		keys->heard = keys->service.pid;
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
	if ((keys->heard == pid ? hear_pong(keys) : hear_successor(keys)) ==
	    -1) {
		kill(pid, SIGKILL);
		keys->heard = pid;
	}
}

bool
keys_reap(struct keys *keys, pid_t pid, int status)
{
	struct service *service = &keys->service;

	if (service->pid != pid)
		return false;
	/* Its first messages say why it ended. */
	if (keys->heard != pid && is_readable(service->line))
		(void)!hear_successor(keys);
	keys->heard = 0;
	keys->loaded = 0;
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
		ms = LOAD_MAX_MS -
		    clock_since_ms(keys->loaded > 0 ? &keys->loaded_at
						    : &service->started);
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
