/*
 * Tests with trial handshakes whether clients could connect to a TLS context.
 */
#include "sys/tlstrial.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* The most turns, of up to 17 KB; clients accept chains of 100 KB. */
#define TURNS_MAX 100

/* Each of Go, rustls, GnuTLS and OpenSSL supports most of these groups. */
#define GROUPS "X25519:P-256:P-384:P-521"
#define SIGNATURES \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:" \
	"RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

static SSL_CTX *
client_context(int version)
{
	SSL_CTX *client = SSL_CTX_new(TLS_client_method());

	if (client != NULL &&
	    SSL_CTX_set_min_proto_version(client, version) == 1 &&
	    SSL_CTX_set_max_proto_version(client, version) == 1 &&
	    SSL_CTX_set1_groups_list(client, GROUPS) == 1 &&
	    SSL_CTX_set1_sigalgs_list(client, SIGNATURES) == 1)
		return client;
	SSL_CTX_free(client);
	return NULL;
}

/* Returns 1 when finished, 0 when waiting for the other side, -1 on failure. */
static int
advance(SSL *ssl)
{
	int result = SSL_do_handshake(ssl);

	if (result == 1)
		return 1;
	return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ ||
		SSL_get_error(ssl, result) == SSL_ERROR_WANT_WRITE
	    ? 0
	    : -1;
}

static int
connect_both(SSL *client, SSL *server)
{
	BIO *near, *far;

	if (client == NULL || server == NULL ||
	    BIO_new_bio_pair(&near, 0, &far, 0) != 1)
		return -1;
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < TURNS_MAX; i++) {
		int here = advance(client);
		int there = here == -1 ? -1 : advance(server);

		if (here == -1 || there == -1)
			return -1;
		if (here == 1 && there == 1)
			return 0;
	}
	return -1;
}

void
tlstrial_init(struct tlstrial *trial)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < 2; i++)
		trial->clients[i] = client_context(versions[i]);
	ERR_clear_error();
}

void
tlstrial_release(struct tlstrial *trial)
{
	for (size_t i = 0; i < 2; i++)
		SSL_CTX_free(trial->clients[i]);
	*trial = (struct tlstrial){ { NULL } };
}

int
tlstrial_run(const struct tlstrial *trial, SSL_CTX *server)
{
	int result = 0;

	ERR_clear_error();
	for (size_t i = 0; result == 0 && i < 2; i++) {
		SSL_CTX *client = trial->clients[i];
		SSL *near = client != NULL ? SSL_new(client) : NULL;
		SSL *far = SSL_new(server);

		result = connect_both(near, far);
		SSL_free(near);
		SSL_free(far);
	}
	return result;
}
