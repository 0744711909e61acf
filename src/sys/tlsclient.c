/*
 * The client's side of TLS, by OpenSSL. The server is identified by its public
 * key.
 */
#include "sys/tlsclient.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sys/certissue.h"

/* That of SHA-256 is 128, that of SHA-1 at most 80. */
#define SIGNATURE_BITS_MIN 112

SSL_CTX *
tlsclient_context_new(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL ||
	    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_options(
	    context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* A write that would block is repeated from another buffer. */
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Certificates are not verified; the caller compares the key. */
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	return context;
}

void
tlsclient_context_free(SSL_CTX *context)
{
	SSL_CTX_free(context);
}

SSL *
tlsclient_open(SSL_CTX *context, int fd, struct str host)
{
	SSL *tls = SSL_new(context);
	char name[256];

	snprintf(name, sizeof name, "%.*s", STR_ARG(host));
	if (tls == NULL || SSL_set_fd(tls, fd) != 1 ||
	    (host.len > 0 && SSL_set_tlsext_host_name(tls, name) != 1)) {
		SSL_free(tls);
		return NULL;
	}
	SSL_set_connect_state(tls);
	return tls;
}

void
tlsclient_free(SSL *tls)
{
	SSL_free(tls);
}

/* Converts the error of a call to an enum io. */
static ssize_t
io_outcome(const SSL *tls, int result)
{
	int why = SSL_get_error(tls, result);

	if (why == SSL_ERROR_WANT_READ)
		return IO_WANT_READ;
	if (why == SSL_ERROR_WANT_WRITE)
		return IO_WANT_WRITE;
	/* Do not take the error of one connection for that of the next. */
	ERR_clear_error();
	return why == SSL_ERROR_ZERO_RETURN ? IO_CLOSED : IO_FAILED;
}

ssize_t
tlsclient_handshake(SSL *tls)
{
	int result = SSL_do_handshake(tls);

	return result == 1 ? IO_DONE : io_outcome(tls, result);
}

static int
hash_key(const X509 *certificate, unsigned char out[SHA256_SIZE])
{
	unsigned char *key = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
	int result = len <= 0
	    ? -1
	    : sha256_of((struct str){ (const char *)key, (size_t)len }, out);

	OPENSSL_free(key);
	return result;
}

int
tlsclient_key(const SSL *tls, unsigned char out[SHA256_SIZE])
{
	const X509 *leaf = SSL_get0_peer_certificate(tls);

	return leaf != NULL ? hash_key(leaf, out) : -1;
}

static bool
is_valid_now(const X509 *certificate)
{
	return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
	    X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

static bool
is_for(X509 *certificate, const char *host)
{
	return X509_check_host(certificate, host, 0, 0, NULL) == 1 ||
	    X509_check_ip_asc(certificate, host, 0) == 1;
}

static bool
has_strong_digest(X509 *certificate)
{
	int bits;

	return X509_get_signature_info(certificate, NULL, NULL, &bits, NULL) ==
	    1 &&
	    bits >= SIGNATURE_BITS_MIN;
}

bool
tlsclient_is_successor(
    const SSL *tls, const unsigned char known[SHA256_SIZE], const char *host)
{
	const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls);
	unsigned char key[SHA256_SIZE];
	X509 *leaf, *issuer;
	bool result;

	if (chain == NULL || sk_X509_num(chain) < 2)
		return false;
	leaf = sk_X509_value(chain, 0);
	issuer = sk_X509_value(chain, 1);
	result = hash_key(issuer, key) == 0 &&
	    memcmp(key, known, SHA256_SIZE) == 0 && is_valid_now(leaf) &&
	    is_valid_now(issuer) &&
	    (is_for(leaf, host) || !is_for(issuer, host)) &&
	    has_strong_digest(leaf) && certissue_is_signed_by(leaf, issuer);
	ERR_clear_error();
	return result;
}

ssize_t
tlsclient_read(SSL *tls, char *at, size_t room)
{
	size_t got;
	int result = SSL_read_ex(tls, at, room, &got);

	return result == 1 ? (ssize_t)got : io_outcome(tls, result);
}

ssize_t
tlsclient_write(SSL *tls, const char *at, size_t len)
{
	size_t written;
	int result = SSL_write_ex(tls, at, len, &written);

	return result == 1 ? (ssize_t)written : io_outcome(tls, result);
}
