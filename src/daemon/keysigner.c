/*
 * The process with the private key: loads the pair, and signs for the workers.
 */
#include "daemon/keysigner.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "sys/fdpass.h"
#include "sys/signing.h"
#include "sys/system.h"

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
send_loaded(int line, struct keysigner_loaded *loaded)
{
	static char bytes[KEYSIGNER_MESSAGE_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);
	struct cert cert = loaded->cert;
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
	cert.key = NULL;
	cert_release(&cert);
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
load(const struct keysigner *signer, struct keysigner_loaded *loaded)
{
	const struct config *config = signer->config;
	const struct cert_request request = {
		.dir = config->hosts->certs,
		.names = config->hosts->site.names,
		.name_count = config->hosts->site.name_count,
		.missing = signer->missing,
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
		fdpass_close(fd);
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
	got = fdpass_receive(polled[0].fd, &word, &fd);
	if (got == 1 && fd != -1)
		(void)add_line(polled, count, fd);
	else if (got == 1 && word == KEYSIGNER_PING)
		(void)send_message(polled[0].fd, (struct str){ &word, 1 });
	if (got == 0 || (got == -1 && errno != EAGAIN)) {
		fdpass_close(polled[0].fd);
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
				fdpass_close(polled[i].fd);
				polled[i] = polled[--count];
			}
			/* Answer pings between slow signatures, too. */
			hear_master(polled, &count);
		}
	}
}

/* Loads and tries the pair, enters the jail; loaded->error: the failure. */
static void
prepare(const struct keysigner *signer, struct keysigner_loaded *loaded)
{
	const struct jail_access access = { JAIL_KEYS, NULL, -1, -1 };
	const struct cert *cert = &loaded->cert;

	load(signer, loaded);
	if (loaded->error[0] != '\0' || cert->key == NULL)
		return;
	if (signing_prepare(cert->key) == -1)
		snprintf(loaded->error, sizeof loaded->error,
		    "%s: its key cannot sign; use another pair", cert->file);
	else if (jail_enter(signer->jail, &access) == -1)
		snprintf(loaded->error, sizeof loaded->error,
		    "cannot confine the keys process: %s", strerror(errno));
}

void
keysigner_run(void *context, const struct service *service)
{
	const struct keysigner *signer = context;
	const struct rlimit none = { 0, 0 };
	static struct keysigner_loaded loaded;
	EVP_PKEY *key;
	size_t count = 1;

	/* No core dump may contain the key. */
	(void)setrlimit(RLIMIT_CORE, &none);
	if (signer->forget != NULL)
		signer->forget(signer->context);
	close_others(service);
	prepare(signer, &loaded);
	/* With a key other than the workers' the process does not sign. */
	if (signer->key_fingerprint[0] != '\0' &&
	    strcmp(signer->key_fingerprint, loaded.cert.key_fingerprint) != 0)
		count = 0;
	key = loaded.cert.key;
	if (send_loaded(service->line, &loaded) == -1 ||
	    loaded.error[0] != '\0' || key == NULL)
		_exit(EXIT_FAILURE);
	answer_lines(service, &key, count);
	_exit(EXIT_SUCCESS);
}
