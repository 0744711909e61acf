/*
 * The server's side of TLS, by OpenSSL: settings, and input and output without
 * system calls by OpenSSL itself.
 */
#include "sys/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "sys/clientcert.h"
#include "sys/tlstrial.h"

/*
 * The limit of bytes from one client. A request in records of one byte, after
 * the largest hello, stays below it; more bytes are messages that cost CPU time
 * and lead to no request.
 */
#define RECEIVED_MAX ((size_t)128 << 10)

/* Memory for a server name that is not in normal form. */
#define NAME_MEMORY ((size_t)8192)

/* The certificate and key of a host. */
struct tls_pair {
	X509 *leaf; /* NULL: none */
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
	bool asks; /* for a client's certificate */
};

struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *bio;
	const struct hostnames *names; /* NULL: one host */
	struct tlstrial trial; /* until the last pair is added */
	size_t most;
	size_t count; /* of pairs so far */
	struct tls_pair pairs[]; /* of each host */
};

/* A client's certificate, with its chain. */
#define CLIENT_CERT_MAX ((long)16 << 10)

static int
bio_write(BIO *bio, const char *at, int len)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t added;

	BIO_clear_retry_flags(bio);
	added = net_out_add(tls->out, at, (size_t)len);
	if (added == 0) {
		/* A very long certificate chain has filled the buffer. */
		if (net_out_flush(tls->out) == IO_FAILED)
			return -1;
		added = net_out_add(tls->out, at, (size_t)len);
	}
	if (added == 0) {
		BIO_set_retry_write(bio);
		return -1;
	}
	return (int)added;
}

static int
take_early(struct tls *tls, char *at, size_t room)
{
	size_t len = tls->early.len < room ? tls->early.len : room;

	memcpy(at, tls->early.at, len);
	tls->early = str_tail(tls->early, len);
	return (int)len;
}

static int
bio_read(BIO *bio, char *at, int room)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t got = IO_WANT_READ;

	BIO_clear_retry_flags(bio);
	if (tls->early.len > 0)
		return take_early(tls, at, (size_t)room);
	if (tls->readable)
		got = net_receive(tls->out->fd, at, (size_t)room);
	/* A short receive: the socket is empty. */
	if (got < room)
		tls->readable = false;
	if (got > 0) {
		if ((size_t)got > tls->allowance)
			return -1;
		tls->allowance -= (size_t)got;
		tls->heard = true;
	}
	if (got == IO_WANT_READ)
		BIO_set_retry_read(bio);
	return got == IO_CLOSED ? 0 : got < 0 ? -1 : (int)got;
}

static long
bio_control(BIO *bio, int command, long number, void *pointer)
{
	struct tls *tls;

	(void)number;
	(void)pointer;
	/* A handshake asks about 90 times for other things. */
	if (command != BIO_CTRL_FLUSH)
		return 0;
	tls = BIO_get_data(bio);
	/*
	 * Flush the handshake's flights at once. Later the caller flushes, so
	 * that header, body and close_notify share one segment.
	 */
	if (!SSL_is_init_finished(tls->ssl) &&
	    net_out_flush(tls->out) == IO_DONE)
		tls->heard = false;
	return 1;
}

/* Each of these settings saves measured time or memory. */
static bool
context_settings(SSL_CTX *ssl)
{
	static const unsigned char id[] = "capsuled";
	int groups[] = { NID_X25519, NID_X9_62_prime256v1 };

	SSL_CTX_set_options(ssl,
	    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	/* No partial writes: the buffer has room for all records of a call. */
	SSL_CTX_set_mode(ssl,
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN |
		SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ssl, 1);
	SSL_CTX_set_max_cert_list(ssl, CLIENT_CERT_MAX);
	SSL_CTX_set_cert_verify_callback(ssl, clientcert_accept, NULL);
	/* OpenSSL's default groups include ffdhe8192. */
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set1_groups(ssl, groups, sizeof groups / sizeof *groups) ==
	    1 &&
	    /* The algorithms of the keys process, see sys/signing.h. */
	    SSL_CTX_set1_sigalgs_list(ssl,
		"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
		"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
		"RSA+SHA256:RSA+SHA384:RSA+SHA512") == 1 &&
	    SSL_CTX_set_ciphersuites(ssl,
		"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
		"TLS_AES_256_GCM_SHA384") == 1 &&
	    SSL_CTX_set_cipher_list(
		ssl, "ECDHE+AESGCM+AES128:ECDHE+CHACHA20:ECDHE+AESGCM") == 1 &&
	    SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
	    /*
	     * No session is resumed, but without an id OpenSSL refuses clients
	     * with a certificate that try.
	     */
	    SSL_CTX_set_session_id_context(ssl, id, sizeof id) == 1;
}

static BIO_METHOD *
bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "capsuled");

	if (method != NULL &&
	    (BIO_meth_set_write(method, bio_write) != 1 ||
		BIO_meth_set_read(method, bio_read) != 1 ||
		BIO_meth_set_ctrl(method, bio_control) != 1)) {
		BIO_meth_free(method);
		method = NULL;
	}
	return method;
}

static int
use_pair(SSL *ssl, void *argument)
{
	const struct tls_pair *pair = argument;

	return SSL_use_cert_and_key(ssl, pair->leaf, pair->key, pair->chain, 1);
}

static struct str
server_name(const SSL *ssl)
{
	return str_of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
}

/* Sets the certificate of a connection, by the server name. */
static int
choose_pair(SSL *ssl, void *argument)
{
	struct tls_context *context = argument;
	struct hostnames_found found = { .host = 0 };
	struct str name = server_name(ssl);
	struct tls_pair *pair;
	struct arena arena;

	if (context->names != NULL && name.len > 0) {
		arena_init(&arena, NAME_MEMORY);
		found = hostnames_find(context->names, &arena, name);
		arena_release(&arena);
	}
	pair = &context->pairs[found.host < context->count ? found.host : 0];
	if (pair->asks)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return use_pair(ssl, pair);
}

/* Whether OpenSSL accepts the pair of key and certificate. */
static bool
is_usable(SSL_CTX *context, struct tls_pair *pair)
{
	SSL *ssl = SSL_new(context);
	bool usable = ssl != NULL && use_pair(ssl, pair) == 1;

	SSL_free(ssl);
	return usable;
}

static bool
keep_pair(struct tls_pair *pair, const struct cert *cert)
{
	if (cert->chain != NULL)
		pair->chain = X509_chain_up_ref(cert->chain);
	if (X509_up_ref(cert->leaf) == 1)
		pair->leaf = cert->leaf;
	if (EVP_PKEY_up_ref(cert->key) == 1)
		pair->key = cert->key;
	return pair->leaf != NULL && pair->key != NULL &&
	    (pair->chain != NULL) == (cert->chain != NULL);
}

static void
release_pair(struct tls_pair *pair)
{
	X509_free(pair->leaf);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	*pair = (struct tls_pair){ 0 };
}

struct tls_context *
tls_context_new(size_t count, const struct hostnames *names)
{
	struct tls_context *context =
	    calloc(1, sizeof *context + count * sizeof context->pairs[0]);

	ERR_clear_error();
	if (context == NULL)
		return NULL;
	/* One certificate is for all names. */
	context->names = count > 1 ? names : NULL;
	context->most = count;
	tlstrial_init(&context->trial);
	context->bio = bio_method();
	context->ssl = SSL_CTX_new(TLS_server_method());
	if (context->bio != NULL && context->ssl != NULL &&
	    context_settings(context->ssl))
		return context;
	ERR_clear_error();
	tls_context_free(context);
	return NULL;
}

/* Whether clients could connect with the pair; sets `what` to the fault. */
static bool
try_pair(struct tls_context *context, struct tls_pair *pair,
    const struct cert *cert, const char **what)
{
	bool works;

	*what = "OpenSSL refuses it";
	ERR_clear_error();
	if (!keep_pair(pair, cert) || !is_usable(context->ssl, pair))
		return false;
	*what = "no client could connect";
	SSL_CTX_set_cert_cb(context->ssl, use_pair, pair);
	works = tlstrial_run(&context->trial, context->ssl) == 0;
	SSL_CTX_set_cert_cb(context->ssl, choose_pair, context);
	return works;
}

int
tls_context_add(struct tls_context *context, const struct cert *cert,
    char *error, size_t error_size)
{
	struct tls_pair *pair = &context->pairs[context->count];
	const char *what, *reason;

	if (cert->leaf == NULL || try_pair(context, pair, cert, &what)) {
		context->count++;
		if (context->count == context->most)
			tlstrial_release(&context->trial);
		return 0;
	}
	reason = ERR_reason_error_string(ERR_peek_error());
	snprintf(error, error_size, "%s: %s: %s; use another pair", cert->file,
	    what, reason != NULL ? reason : "out of memory");
	ERR_clear_error();
	release_pair(pair);
	return -1;
}

void
tls_context_ask(struct tls_context *context, size_t host)
{
	if (host < context->count)
		context->pairs[host].asks = true;
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ssl);
	for (size_t i = 0; i < context->count; i++)
		release_pair(&context->pairs[i]);
	tlstrial_release(&context->trial);
	BIO_meth_free(context->bio);
	free(context);
}

int
tls_open(struct tls *tls, struct tls_context *context, struct net_out *out,
    struct str early)
{
	BIO *bio;

	*tls = (struct tls){ .out = out,
		.early = early,
		.heard = true,
		.allowance = RECEIVED_MAX };
	tls->ssl = SSL_new(context->ssl);
	bio = BIO_new(context->bio);
	if (tls->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		tls_release(tls);
		return -1;
	}
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_accept_state(tls->ssl);
	return 0;
}

void
tls_release(struct tls *tls)
{
	SSL_free(tls->ssl);
	tls->ssl = NULL;
}

/* Nearly all clients send everything of a flight at once. */
static ssize_t
want_read(struct tls *tls)
{
	if (tls->heard)
		net_acknowledge(tls->out->fd);
	tls->heard = false;
	return IO_WANT_READ;
}

/* Converts the error of a call to an enum io. */
static ssize_t
io_outcome(struct tls *tls, int result)
{
	int why = SSL_get_error(tls->ssl, result);

	if (why == SSL_ERROR_WANT_READ)
		return want_read(tls);
	if (why == SSL_ERROR_WANT_WRITE)
		return IO_WANT_WRITE;
	/* Do not take the error of one client for that of the next. */
	ERR_clear_error();
	return why == SSL_ERROR_ZERO_RETURN ? IO_CLOSED : IO_FAILED;
}

ssize_t
tls_handshake(struct tls *tls)
{
	int result = SSL_do_handshake(tls->ssl);
	ssize_t want = result == 1 ? IO_DONE : io_outcome(tls, result);
	/* Flush a flight that did not fit, or the alert about the failure. */
	ssize_t sent = net_out_flush(tls->out);

	return want == IO_FAILED || sent == IO_DONE ? want : sent;
}

struct str
tls_server_name(const struct tls *tls)
{
	return server_name(tls->ssl);
}

bool
tls_client(const struct tls *tls, struct identity *out)
{
	const X509 *cert = SSL_get0_peer_certificate(tls->ssl);

	return cert != NULL && clientcert_read(cert, out) == 0;
}

ssize_t
tls_read(struct tls *tls, char *at, size_t room)
{
	size_t got;
	int result = SSL_read_ex(tls->ssl, at, room, &got);

	return result == 1 ? (ssize_t)got : io_outcome(tls, result);
}

ssize_t
tls_write(struct tls *tls, const char *at, size_t len)
{
	size_t written;
	int result = SSL_write_ex(tls->ssl, at, len, &written);

	return result == 1 ? (ssize_t)written : io_outcome(tls, result);
}

void
tls_close_notify(struct tls *tls)
{
	if (SSL_shutdown(tls->ssl) < 0)
		ERR_clear_error();
}
