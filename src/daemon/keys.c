/*
 * The process with the private key: its start by the master, and its work.
 */
#include "daemon/keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "sys/clock.h"
#include "sys/handover.h"
#include "sys/keyprovider.h"
#include "sys/log.h"
#include "sys/signing.h"
#include "sys/system.h"

/* A generous limit for making a key, or reading one from a slow disk. */
#define LOAD_MAX_MS 30000
/* The time limit of the answer to KEYS_PING. */
#define PING_MAX_MS 1000
/* The message of a ping and of its answer. */
#define KEYS_PING 'p'
/* A certificate and its chain. */
#define MESSAGE_MAX ((size_t)128 << 10)

/* The first message of the process, followed by certificates in DER. */
struct loaded {
	char error[4608]; /* an error message of one line; empty on success */
	struct cert cert; /* its pointers are invalid in the master */
	size_t certificates; /* the number of certificates that follow */
};

static void
add_certificate(struct buf *message, X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);

	if (len <= 0)
		message->overflow = true;
	else
		buf_add(
		    message, (struct str){ (const char *)der, (size_t)len });
	OPENSSL_free(der);
}

static int
send_message(int line, struct str message)
{
	/* The process's jail does not allow sendmsg. */
	return send(line, message.at, message.len, MSG_NOSIGNAL) ==
		(ssize_t)message.len
	    ? 0
	    : -1;
}

/* Sends the error, or the certificates; -1 when that fails. */
static int
send_loaded(int line, struct loaded *loaded)
{
	static char bytes[MESSAGE_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);
	const struct cert cert = loaded->cert;
	int chained = cert.chain != NULL ? sk_X509_num(cert.chain) : 0;

	loaded->cert.leaf = NULL;
	loaded->cert.chain = NULL;
	loaded->cert.key = NULL;
	loaded->certificates = cert.leaf != NULL ? 1 + (size_t)chained : 0;
	buf_add(&message, (struct str){ (const char *)loaded, sizeof *loaded });
	if (cert.leaf != NULL)
		add_certificate(&message, cert.leaf);
	for (int i = 0; i < chained; i++)
		add_certificate(&message, sk_X509_value(cert.chain, i));
	if (message.overflow) {
		snprintf(loaded->error, sizeof loaded->error,
		    "%s: too long for clients, leave certificates out",
		    cert.file);
		message = (struct buf){ (char *)loaded, sizeof *loaded,
			sizeof *loaded, false };
	}
	return send_message(line, buf_str(&message));
}

static void
load(const struct keys *keys, struct loaded *loaded)
{
	const struct config *config = keys->config;
	const struct cert_request request = {
		.dir = config->certs,
		.names = config->site.names,
		.name_count = config->site.name_count,
		.missing = keys->missing,
	};

	if (cert_load(&loaded->cert, &request, loaded->error,
		sizeof loaded->error) == -1 &&
	    loaded->error[0] == '\0')
		snprintf(loaded->error, sizeof loaded->error, "out of memory");
}

static int
compare(const void *left, const void *right)
{
	const int *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Closes all inherited descriptors but its own sockets and the log. */
static void
close_others(const struct service *service)
{
	int own[1 + SERVICE_CLIENTS_MAX];
	size_t count = 0;
	int from = STDERR_FILENO + 1;

	own[count++] = service->line;
	for (size_t i = 0; i < service->end_count; i++)
		own[count++] = service->ends[i];
	qsort(own, count, sizeof *own, compare);
	for (size_t i = 0; i < count; i++) {
		while (from < own[i])
			close(from++);
		from = own[i] + 1;
	}
	system_close_from(from);
}

static int
add_line(struct pollfd *polled, size_t *count, int fd)
{
	if (*count == 1 + SERVICE_CLIENTS_MAX) {
		handover_close(fd);
		return -1;
	}
	polled[*count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	(*count)++;
	signing_greet(fd);
	return 0;
}

/* Reads a message of the master, if any: a new worker, or a ping. */
static void
hear_master(struct pollfd *polled, size_t *count)
{
	char word;
	int fd, got;

	if (polled[0].fd == -1)
		return;
	got = handover_receive(polled[0].fd, &word, &fd);
	if (got == 1 && fd != -1)
		(void)add_line(polled, count, fd);
	else if (got == 1 && word == KEYS_PING)
		(void)send_message(polled[0].fd, (struct str){ &word, 1 });
	if (got == 0 || (got == -1 && errno != EAGAIN)) {
		handover_close(polled[0].fd);
		/* poll skips a negative descriptor. */
		polled[0].fd = -1;
	}
}

/* Signs until the master and the last worker have gone. */
static void
answer_lines(
    const struct service *service, EVP_PKEY *const *keys, size_t key_count)
{
	static struct pollfd polled[1 + SERVICE_CLIENTS_MAX];
	size_t count = 1;

	polled[0] = (struct pollfd){ .fd = service->line, .events = POLLIN };
	for (size_t i = 0; i < service->end_count; i++)
		(void)add_line(polled, &count, service->ends[i]);
	while (polled[0].fd != -1 || count > 1) {
		if (poll(polled, count, -1) < 1)
			continue;
		if (polled[0].revents != 0)
			hear_master(polled, &count);
		for (size_t i = count; --i > 0;) {
			int got;

			if (polled[i].revents == 0)
				continue;
			got = signing_answer(polled[i].fd, keys, key_count);
			if (got == 0 || (got == -1 && errno != EAGAIN)) {
				handover_close(polled[i].fd);
				polled[i] = polled[--count];
			}
			/* Answer pings between slow signatures, too. */
			hear_master(polled, &count);
		}
	}
}

/*
 * Loads and tries the pair, and enters the jail. Sets loaded->error on failure.
 */
static void
prepare(const struct keys *keys, struct loaded *loaded)
{
	const struct cert *cert = &loaded->cert;

	load(keys, loaded);
	if (loaded->error[0] != '\0' || cert->key == NULL)
		return;
	if (signing_prepare(cert->key) == -1)
		snprintf(loaded->error, sizeof loaded->error,
		    "%s: its key cannot sign; use another pair", cert->file);
	else if (jail_enter(keys->jail, -1, JAIL_KEYS) == -1)
		snprintf(loaded->error, sizeof loaded->error,
		    "cannot confine the keys process: %s", strerror(errno));
}

static void
run(void *context, const struct service *service)
{
	const struct keys *keys = context;
	const struct rlimit none = { 0, 0 };
	static struct loaded loaded;
	EVP_PKEY *key;
	size_t count = 1;

	/* No core dump may contain the key. */
	(void)setrlimit(RLIMIT_CORE, &none);
	if (keys->forget != NULL)
		keys->forget(keys->context);
	close_others(service);
	prepare(keys, &loaded);
	/* With a key other than the workers' the process does not sign. */
	if (keys->key_fingerprint[0] != '\0' &&
	    strcmp(keys->key_fingerprint, loaded.cert.key_fingerprint) != 0)
		count = 0;
	key = loaded.cert.key;
	if (send_loaded(service->line, &loaded) == -1 ||
	    loaded.error[0] != '\0' || key == NULL)
		_exit(EXIT_FAILURE);
	answer_lines(service, &key, count);
	_exit(EXIT_SUCCESS);
}

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
copy_loaded(struct str message, struct loaded *loaded)
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
read_loaded(struct str message, struct loaded *loaded)
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
receive_loaded(int line, struct loaded *loaded)
{
	static char bytes[MESSAGE_MAX];
	ssize_t got;
	int fd;

	*loaded = (struct loaded){ .certificates = 0 };
	got = handover_receive_message(line, bytes, sizeof bytes, &fd);
	if (fd != -1)
		handover_close(fd);
	return got > 0 ? read_loaded((struct str){ bytes, (size_t)got }, loaded)
		       : -1;
}

static bool
waits_for(int line, int ms)
{
	struct pollfd ready = { .fd = line, .events = POLLIN };
	int result;

	do
		result = poll(&ready, 1, ms);
	while (result == -1 && errno == EINTR);
	return result == 1;
}

/* Receives the pair of the first process; -1 with a line in `error`. */
static int
receive_first(
    struct keys *keys, struct loaded *loaded, char *error, size_t error_size)
{
	if (keys->service.pid == 0)
		snprintf(error, error_size, "cannot start the keys process");
	else if (!waits_for(keys->service.line, LOAD_MAX_MS))
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
	static struct loaded loaded;

	keys->service.name = "keys";
	keys->service.pair = signing_pair;
	keys->service.work = run;
	keys->service.context = keys;
	service_init(&keys->service);
	service_start_due(&keys->service);
	loaded = (struct loaded){ .certificates = 0 };
	if (receive_first(keys, &loaded, error, error_size) == -1) {
		cert_release(&loaded.cert);
		keys_stop(keys);
		return -1;
	}
	*cert = loaded.cert;
	keys->heard = keys->service.pid;
	if (cert->leaf == NULL)
		keys_stop(keys);
	/* A key in use is never made again. */
	keys->missing = CERT_REFUSE;
	memcpy(keys->fingerprint, cert->fingerprint, sizeof keys->fingerprint);
	memcpy(keys->key_fingerprint, cert->key_fingerprint,
	    sizeof keys->key_fingerprint);
	return 0;
}

/* Reads the first message of a successor; -1 when it is invalid. */
static int
hear_successor(struct keys *keys)
{
	static struct loaded loaded;
	int result = receive_loaded(keys->service.line, &loaded);

	if (result == 0 && loaded.error[0] != '\0')
		log_line(LOG_LEVEL_ERROR,
		    "keys: %s; no client can connect over TLS until then",
		    loaded.error);
	else if (result == 0 &&
	    strcmp(loaded.cert.key_fingerprint, keys->key_fingerprint) != 0)
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
	int fd;
	int got = handover_receive(keys->service.line, &word, &fd);

	if (fd != -1)
		handover_close(fd);
	if (got != 1 || word != KEYS_PING || keys->pinged != keys->service.pid)
		return -1;
	keys->pinged = 0;
	return 0;
}

void
keys_listen(struct keys *keys)
{
	pid_t pid = keys->service.pid;

	if (pid == 0 || !waits_for(keys->service.line, 0))
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
	if (keys->heard != pid && waits_for(service->line, 0))
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
	(void)!handover_send(keys->service.line, KEYS_PING, -1);
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

void
keys_retire(struct keys *keys)
{
	service_retire(&keys->service);
}

void
keys_stop(struct keys *keys)
{
	service_stop(&keys->service);
}
