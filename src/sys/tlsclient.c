/*
 * The client's side of TLS, by OpenSSL. The server is identified by its public
 * key.
 */
#include "sys/tlsclient.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

struct tlsclient_context {
	SSL_CTX *ssl;
};

struct tlsclient {
	SSL *ssl;
};

struct tlsclient_context *
tlsclient_context_new(void)
{
	struct tlsclient_context *context = calloc(1, sizeof *context);

	if (context == NULL)
		return NULL;
	context->ssl = SSL_CTX_new(TLS_client_method());
	if (context->ssl == NULL ||
	    SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION) != 1) {
		tlsclient_context_free(context);
		return NULL;
	}
	SSL_CTX_set_options(
	    context->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
	/* Certificates are not verified; the caller compares the key. */
	SSL_CTX_set_verify(context->ssl, SSL_VERIFY_NONE, NULL);
	return context;
}

void
tlsclient_context_free(struct tlsclient_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ssl);
	free(context);
}

struct tlsclient *
tlsclient_open(struct tlsclient_context *context, int fd, struct str host)
{
	struct tlsclient *tls = calloc(1, sizeof *tls);
	char name[256];

	if (tls == NULL)
		return NULL;
	snprintf(name, sizeof name, "%.*s", STR_ARG(host));
	tls->ssl = SSL_new(context->ssl);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1 ||
	    (host.len > 0 && SSL_set_tlsext_host_name(tls->ssl, name) != 1)) {
		tlsclient_free(tls);
		return NULL;
	}
	SSL_set_connect_state(tls->ssl);
	return tls;
}

void
tlsclient_free(struct tlsclient *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

/* Converts the error of a call to an enum io. */
static ssize_t
io_outcome(const struct tlsclient *tls, int result)
{
	int why = SSL_get_error(tls->ssl, result);

	if (why == SSL_ERROR_WANT_READ)
		return IO_WANT_READ;
	if (why == SSL_ERROR_WANT_WRITE)
		return IO_WANT_WRITE;
	/* Do not take the error of one connection for that of the next. */
	ERR_clear_error();
	return why == SSL_ERROR_ZERO_RETURN ? IO_CLOSED : IO_FAILED;
}

ssize_t
tlsclient_handshake(struct tlsclient *tls)
{
	int result = SSL_do_handshake(tls->ssl);

	return result == 1 ? IO_DONE : io_outcome(tls, result);
}

int
tlsclient_key(const struct tlsclient *tls, unsigned char out[SHA256_SIZE])
{
	const X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	unsigned char *key = NULL;
	int len, result;

	if (leaf == NULL)
		return -1;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &key);
	result = len <= 0
	    ? -1
	    : sha256_of((struct str){ (const char *)key, (size_t)len }, out);
	OPENSSL_free(key);
	return result;
}

ssize_t
tlsclient_read(struct tlsclient *tls, char *at, size_t room)
{
	size_t got;
	int result = SSL_read_ex(tls->ssl, at, room, &got);

	return result == 1 ? (ssize_t)got : io_outcome(tls, result);
}

ssize_t
tlsclient_write(struct tlsclient *tls, const char *at, size_t len)
{
	size_t written;
	int result = SSL_write_ex(tls->ssl, at, len, &written);

	return result == 1 ? (ssize_t)written : io_outcome(tls, result);
}
