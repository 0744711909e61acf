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

/* The time limit of the master for reading a message. */
#define READ_MAX_MS 60000
/* Memory for looking up the names of a host. */
#define NAME_MEMORY ((size_t)64 << 10)

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

/*
 * Sends a message, waiting until the master has read earlier ones: the socket
 * has room for those of some hosts only.
 */
static int
send_when_read(int line, struct str message)
{
	struct pollfd room = { .fd = line, .events = POLLOUT };

	while (send_message(line, message) == -1)
		if (errno != EAGAIN || poll(&room, 1, READ_MAX_MS) != 1)
			return -1;
	return 0;
}

/* Sends the error, or the certificates, which it frees; -1 on failure. */
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
	cert_release(&cert);
	if (message.overflow) {
		snprintf(loaded->error, sizeof loaded->error,
		    "%s: too long for clients, leave certificates out",
		    cert.file);
		message = (struct buf){ (char *)loaded, sizeof *loaded,
			sizeof *loaded, false };
	}
	return send_when_read(line, buf_str(&message));
}

/* Whether one of the host's names has a key already. */
static bool
is_known(const struct keysigner *signer, const struct site *site)
{
	struct arena arena;
	bool known = false;

	arena_init(&arena, NAME_MEMORY);
	for (size_t i = 0; signer->known != NULL && i < site->name_count; i++)
		known |= hostnames_find(signer->known, &arena, site->names[i])
			     .host != HOSTNAMES_NONE;
	arena_release(&arena);
	return known;
}

/* Loads and tries the pair of a host. Sets loaded->error on failure. */
static void
load(const struct keysigner *signer, const struct host_config *host,
    struct keysigner_loaded *loaded)
{
	const struct cert_request request = {
		.dir = host->certs,
		.names = host->site.names,
		.name_count = host->site.name_count,
		.missing = is_known(signer, &host->site) ? CERT_REFUSE
							 : signer->missing,
	};
	struct cert *cert = &loaded->cert;

	*loaded = (struct keysigner_loaded){ .certificates = 0 };
	if (cert_load(cert, &request, loaded->error, sizeof loaded->error) ==
	    -1) {
		if (loaded->error[0] == '\0')
			snprintf(loaded->error, sizeof loaded->error,
			    "out of memory");
	} else if (cert->key != NULL && signing_prepare(cert->key) == -1) {
		snprintf(loaded->error, sizeof loaded->error,
		    "%s: its key cannot sign; use another pair", cert->file);
	}
}

/*
 * Loads the pair of a host, and sends its certificate. Sets `key`, NULL if the
 * process does not sign for the host. Returns 1, 0 when the pair cannot be
 * loaded, or -1 when the process must end.
 */
static int
load_and_send(
    const struct keysigner *signer, int line, size_t host, EVP_PKEY **key)
{
	static struct keysigner_loaded loaded;

	load(signer, &signer->config->hosts[host], &loaded);
	*key = loaded.cert.key;
	loaded.cert.key = NULL;
	/* With a key other than the workers' the process does not sign. */
	if (loaded.error[0] != '\0' ||
	    (signer->pairs != NULL &&
		strcmp(signer->pairs[host].key_fingerprint,
		    loaded.cert.key_fingerprint) != 0)) {
		EVP_PKEY_free(*key);
		*key = NULL;
	}
	if (send_loaded(line, &loaded) == -1)
		return -1;
	if (loaded.error[0] == '\0')
		return 1;
	return signer->pairs == NULL ? -1 : 0;
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

/* Loads all pairs, and enters the jail; -1 when the process must end. */
static int
prepare(const struct keysigner *signer, int line, EVP_PKEY **keys)
{
	const struct jail_access access = { .role = JAIL_KEYS, .state = -1 };
	static struct keysigner_loaded last;
	bool any = false;

	for (size_t i = 0; i < signer->config->host_count; i++) {
		int result = load_and_send(signer, line, i, &keys[i]);

		if (result == -1)
			return -1;
		any |= result == 1;
	}
	if (jail_enter(signer->jail, &access) == -1)
		snprintf(last.error, sizeof last.error,
		    "cannot confine the keys process: %s", strerror(errno));
	return send_loaded(line, &last) == -1 || last.error[0] != '\0' || !any
	    ? -1
	    : 0;
}

void
keysigner_run(void *context, const struct service *service)
{
	const struct keysigner *signer = context;
	const struct rlimit none = { 0, 0 };
	size_t count = signer->config->host_count;
	EVP_PKEY **keys = calloc(count, sizeof(void *));

	/* No core dump may contain a key. */
	(void)setrlimit(RLIMIT_CORE, &none);
	if (signer->forget != NULL)
		signer->forget(signer->context);
	close_others(service);
	if (keys == NULL || prepare(signer, service->line, keys) == -1)
		_exit(EXIT_FAILURE);
	answer_lines(service, keys, count);
	_exit(EXIT_SUCCESS);
}
