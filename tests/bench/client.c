/*
 * One connection of the load, from connect(2) to the end of the answer.
 * Knows the two protocols as far as to tell a good answer from a bad one.
 */
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <openssl/err.h>

/* What one client may read before the others have their turn. */
#define BYTES_A_TURN ((size_t)1 << 20)
#define CHUNK 65536

void
complain(struct load *load, const char *format, ...)
{
	va_list arguments;

	if (load->outcome.complaint[0] != '\0')
		return;
	va_start(arguments, format);
	vsnprintf(load->outcome.complaint, sizeof load->outcome.complaint,
	    format, arguments);
	va_end(arguments);
}

static void
want(struct load *load, struct client *client, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = client };
	int how = client->events != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (client->events == events)
		return;
	if (epoll_ctl(load->epoll, how, client->fd, &event) == -1)
		die("epoll_ctl: %s", strerror(errno));
	client->events = events;
}

/* Without a newer ticket the old one goes back. */
static void
give_back_session(struct load *load, struct client *client, bool spoilt)
{
	if (client->session == NULL)
		return;
	if (!client->got_session && !spoilt &&
	    load->session_count < SESSIONS_MAX)
		load->sessions[load->session_count++] = client->session;
	else
		SSL_SESSION_free(client->session);
	client->session = NULL;
}

void
client_close(struct load *load, struct client *client, bool reset)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	give_back_session(load, client, reset);
	SSL_free(client->ssl);
	client->ssl = NULL;
	if (reset)
		setsockopt(
		    client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(client->fd);
	client->fd = -1;
	client->events = 0;
	client->state = CLIENT_FREE;
}

void
client_fail(struct load *load, struct client *client, enum failure why)
{
	load->outcome.failures[why]++;
	load->outcome.done++;
	client_close(load, client, true);
}

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct load *load = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct client *client = SSL_get_app_data(ssl);

	if (load->session_count == SESSIONS_MAX)
		return 0;
	/* A copy: OpenSSL spoils its own when close_notify is missing. */
	session = SSL_SESSION_dup(session);
	if (session == NULL)
		return 0;
	client->got_session = true;
	load->sessions[load->session_count++] = session;
	return 0;
}

void
client_init_tls(struct load *load)
{
	const struct options *options = &load->options;
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	const char *groups =
	    options->groups != NULL ? options->groups : "X25519:P-256";

	if (tls == NULL)
		die("SSL_CTX_new failed");
	SSL_CTX_set_app_data(tls, load);
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(tls, 1);
	if (SSL_CTX_set1_groups_list(tls, groups) != 1)
		die("-K %s: no such group", groups);
	if (options->suites != NULL &&
	    SSL_CTX_set_ciphersuites(tls, options->suites) != 1)
		die("-k %s: no such suite", options->suites);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	if (options->resume) {
		SSL_CTX_set_session_cache_mode(
		    tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(tls, keep_session);
	}
	load->tls = tls;
}

static void
start_tls(struct load *load, struct client *client)
{
	client->ssl = SSL_new(load->tls);
	if (client->ssl == NULL || SSL_set_fd(client->ssl, client->fd) != 1)
		die("SSL_new failed");
	SSL_set_connect_state(client->ssl);
	SSL_set_app_data(client->ssl, client);
	if (client->target->sni[0] != '\0')
		SSL_set_tlsext_host_name(client->ssl, client->target->sni);
	if (!client->stays_idle && load->session_count > 0) {
		client->session = load->sessions[--load->session_count];
		SSL_set_session(client->ssl, client->session);
	}
}

/* A network each, to those who count what networks do. */
static void
set_source(struct load *load, struct client *client)
{
	const struct options *options = &load->options;
	struct sockaddr_in from = { .sin_family = AF_INET };
	size_t which = load->turn % options->sources;
	int one = 1;

	if (options->sources == 1 || options->address.ss_family != AF_INET)
		return;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (in_addr_t)which);
	setsockopt(
	    client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (bind(client->fd, (const struct sockaddr *)&from, sizeof from) == -1)
		die("bind: %s", strerror(errno));
}

bool
client_start(struct load *load, struct client *client, bool stays_idle)
{
	const struct options *options = &load->options;
	const struct sockaddr *address =
	    (const struct sockaddr *)&options->address;
	int one = 1;

	memset(client, 0, offsetof(struct client, head));
	client->stays_idle = stays_idle;
	client->started_us = now_us();
	client->target =
	    &options->targets[load->turn++ % options->target_count];
	client->fd = socket(
	    address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd == -1) {
		complain(load, "socket: %s", strerror(errno));
		return false;
	}
	if (!options->nagle)
		setsockopt(
		    client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	set_source(load, client);
	if (!options->gopher && !(stays_idle && options->half_open))
		start_tls(load, client);
	client->state = CLIENT_CONNECT;
	load->outcome.started++;
	if (connect(client->fd, address, options->address_length) == -1 &&
	    errno != EINPROGRESS) {
		complain(load, "connect: %s", strerror(errno));
		client_fail(load, client, FAILURE_CONNECT);
		return true;
	}
	want(load, client, EPOLLOUT);
	return true;
}

static void
note_negotiated(struct outcome *outcome, SSL *ssl)
{
	EVP_PKEY *key = NULL;
	int signature = NID_undef;

	if (outcome->negotiated[0] != '\0')
		return;
	SSL_get_peer_signature_type_nid(ssl, &signature);
	if (SSL_get_peer_tmp_key(ssl, &key) != 1)
		key = NULL;
	snprintf(outcome->negotiated, sizeof outcome->negotiated, "%s,%s,%s,%s",
	    SSL_get_version(ssl), SSL_get_cipher_name(ssl),
	    key != NULL ? EVP_PKEY_get0_type_name(key) : "-",
	    signature != NID_undef ? OBJ_nid2sn(signature) : "-");
	EVP_PKEY_free(key);
}

/* FAILURES when the answer is as it should be. */
static enum failure
judge(struct load *load, const struct client *client)
{
	struct target *target = client->target;
	const char *head = client->head;

	if (client->ssl != NULL && !client->head_done) {
		complain(load, "%s: %zu bytes without a header", target->text,
		    client->head_length);
		return client->head_length > 0 ? FAILURE_HEADER : FAILURE_EMPTY;
	}
	if (client->ssl != NULL && strncmp(head, "20", 2) != 0) {
		complain(load, "%s: \"%.60s\"", target->text, head);
		return FAILURE_STATUS;
	}
	if (client->ssl == NULL && client->body == 0) {
		complain(load, "%s: empty", target->text);
		return FAILURE_EMPTY;
	}
	if (client->ssl == NULL && head[0] == '3' &&
	    memchr(head, '\t', client->head_length) != NULL) {
		complain(load, "%s: \"%.60s\"", target->text, head);
		return FAILURE_GOPHER;
	}
	if (target->body == -1)
		target->body = client->body;
	if (target->body != client->body) {
		complain(load, "%s: %" PRId64 " bytes, not %" PRId64,
		    target->text, client->body, target->body);
		return FAILURE_LENGTH;
	}
	return FAILURES;
}

/* The answer has ended; `clean` is with TLS's word for it. */
static void
finish(struct load *load, struct client *client, bool clean)
{
	struct outcome *outcome = &load->outcome;
	int64_t took = now_us() - client->started_us;
	enum failure failure = judge(load, client);

	if (failure != FAILURES) {
		client_fail(load, client, failure);
		return;
	}
	if (client->ssl != NULL) {
		outcome->unclosed += !clean;
		outcome->resumed += SSL_session_reused(client->ssl) == 1;
		note_negotiated(outcome, client->ssl);
		if (clean)
			SSL_shutdown(client->ssl);
	}
	if (outcome->ok < outcome->most)
		outcome->latencies_us[outcome->ok] = (uint32_t)took;
	outcome->ok++;
	outcome->done++;
	client_close(load, client, false);
}

static void
take(struct load *load, struct client *client, const char *bytes, size_t count)
{
	size_t i = 0;

	load->outcome.bytes += count;
	while (i < count && !client->head_done &&
	    client->head_length < CLIENT_HEAD_MAX - 1) {
		client->head[client->head_length++] = bytes[i++];
		client->head[client->head_length] = '\0';
		client->head_done = client->ssl != NULL && bytes[i - 1] == '\n';
	}
	if (client->ssl == NULL)
		client->body += (int64_t)count;
	else if (client->head_done)
		client->body += (int64_t)(count - i);
}

/* True when the error is a peer that went without close_notify. */
static bool
is_unclosed(int error, int result)
{
	if (error == SSL_ERROR_SYSCALL)
		return result == 0;
	return error == SSL_ERROR_SSL &&
	    ERR_GET_REASON(ERR_peek_error()) ==
	    SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

/* After a call of OpenSSL that gave `result`, in whose place `why` fails. */
static void
tls_stopped(
    struct load *load, struct client *client, int result, enum failure why)
{
	int error = SSL_get_error(client->ssl, result);
	int number = errno;
	char text[160];

	if (error == SSL_ERROR_WANT_READ) {
		want(load, client, EPOLLIN);
	} else if (error == SSL_ERROR_WANT_WRITE) {
		want(load, client, EPOLLOUT);
	} else if (why == FAILURE_TLS && error == SSL_ERROR_ZERO_RETURN) {
		finish(load, client, true);
	} else if (why == FAILURE_TLS && is_unclosed(error, result)) {
		finish(load, client, false);
	} else {
		ERR_error_string_n(ERR_peek_error(), text, sizeof text);
		complain(load, "tls: %s",
		    error == SSL_ERROR_SYSCALL ? strerror(number) : text);
		client_fail(load, client,
		    why == FAILURE_TLS && error == SSL_ERROR_SYSCALL
			? FAILURE_RESET
			: why);
	}
	ERR_clear_error();
}

/* Each of these is true when the next state has its turn at once. */

static bool
drive_connect(struct load *load, struct client *client)
{
	int error = 0;
	socklen_t length = sizeof error;

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error != 0) {
		complain(load, "connect: %s", strerror(error));
		client_fail(load, client, FAILURE_CONNECT);
		return false;
	}
	if (client->stays_idle && load->options.half_open) {
		if (send(client->fd, "\x16", 1, 0) != 1)
			die("send: %s", strerror(errno));
		client->state = CLIENT_IDLE;
	} else if (client->ssl != NULL)
		client->state = CLIENT_HANDSHAKE;
	else
		client->state = client->stays_idle ? CLIENT_IDLE : CLIENT_SEND;
	return true;
}

static bool
drive_handshake(struct load *load, struct client *client)
{
	int result = SSL_do_handshake(client->ssl);

	if (result != 1) {
		tls_stopped(load, client, result, FAILURE_HANDSHAKE);
		return false;
	}
	client->state = client->stays_idle ? CLIENT_IDLE : CLIENT_SEND;
	return true;
}

static bool
drive_send(struct load *load, struct client *client)
{
	const struct target *target = client->target;
	ssize_t sent;

	if (client->ssl != NULL) {
		int result = SSL_write(
		    client->ssl, target->request, (int)target->length);

		if (result <= 0) {
			tls_stopped(load, client, result, FAILURE_WRITE);
			return false;
		}
		sent = result;
	} else {
		sent = send(client->fd, target->request + client->sent,
		    target->length - client->sent, MSG_NOSIGNAL);
	}
	if (sent == -1 && errno == EAGAIN) {
		want(load, client, EPOLLOUT);
		return false;
	}
	if (sent == -1) {
		complain(load, "write: %s", strerror(errno));
		client_fail(load, client, FAILURE_WRITE);
		return false;
	}
	client->sent += (size_t)sent;
	if (client->sent == target->length)
		client->state = CLIENT_RECEIVE;
	return true;
}

static bool
receive_tls(struct load *load, struct client *client, char *chunk)
{
	size_t budget = BYTES_A_TURN;

	for (;;) {
		int result = SSL_read(client->ssl, chunk, CHUNK);

		if (result <= 0) {
			tls_stopped(load, client, result, FAILURE_TLS);
			return false;
		}
		take(load, client, chunk, (size_t)result);
		/* What OpenSSL has already read wakes no epoll. */
		if ((size_t)result < budget)
			budget -= (size_t)result;
		else if (SSL_has_pending(client->ssl) == 0)
			return false;
	}
}

static bool
receive_plain(struct load *load, struct client *client, char *chunk)
{
	for (size_t got = 0; got < BYTES_A_TURN;) {
		ssize_t count = recv(client->fd, chunk, CHUNK, 0);

		if (count == -1 && errno == EAGAIN)
			break;
		if (count == -1) {
			complain(load, "read: %s", strerror(errno));
			client_fail(load, client, FAILURE_RESET);
			return false;
		}
		if (count == 0) {
			finish(load, client, true);
			return false;
		}
		take(load, client, chunk, (size_t)count);
		got += (size_t)count;
	}
	want(load, client, EPOLLIN);
	return false;
}

static bool
drive_receive(struct load *load, struct client *client)
{
	static char chunk[CHUNK];

	want(load, client, EPOLLIN);
	if (client->ssl != NULL)
		return receive_tls(load, client, chunk);
	return receive_plain(load, client, chunk);
}

static bool
drive_idle(struct load *load, struct client *client)
{
	epoll_ctl(load->epoll, EPOLL_CTL_DEL, client->fd, NULL);
	client->events = 0;
	return false;
}

void
client_drive(struct load *load, struct client *client)
{
	bool again = true;

	while (again) {
		switch (client->state) {
		case CLIENT_CONNECT: again = drive_connect(load, client); break;
		case CLIENT_HANDSHAKE:
			again = drive_handshake(load, client);
			break;
		case CLIENT_SEND: again = drive_send(load, client); break;
		case CLIENT_RECEIVE: again = drive_receive(load, client); break;
		case CLIENT_IDLE: again = drive_idle(load, client); break;
		case CLIENT_FREE: again = false; break;
		}
	}
}
