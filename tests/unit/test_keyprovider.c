/* Handshakes whose signatures are made in another process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ssl.h>

#include "pairs.h"
#include "sys/keyprovider.h"
#include "sys/tls.h"

static EVP_PKEY *
make_key(const char *kind)
{
	EVP_PKEY *key = strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048)
	    : strcmp(kind, "ED25519") == 0
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	    : EVP_EC_gen(kind);

	assert_non_null(key);
	return key;
}

/* Answers as the keys process does, until the other end is closed. */
static NO_RETURN void
answer(int fd, EVP_PKEY *key)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	signing_greet(fd);
	while (poll(&ready, 1, -1) == 1 && signing_answer(fd, &key, 1) == 1)
		;
	_exit(0);
}

/* A certificate as it comes from another process: it has no private key. */
static X509 *
make_leaf(EVP_PKEY *key)
{
	X509 *made = pairs_make_named_leaf(key, -1, 1, "DNS:a"), *leaf;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len = i2d_X509(made, &der);

	assert_true(len > 0);
	at = der;
	leaf = d2i_X509(NULL, &at, len);
	assert_non_null(leaf);
	OPENSSL_free(der);
	X509_free(made);
	return leaf;
}

/* A process with a key, and what those have who use it. */
struct remote {
	pid_t pid;
	struct signing_line line;
	X509 *leaf;
	EVP_PKEY *key;
};

static void
begin(struct remote *remote, const char *kind)
{
	EVP_PKEY *private = make_key(kind);
	int ends[2];

	*remote = (struct remote){ .pid = -1 };
	assert_int_equal(signing_pair(ends), 0);
	/* The deadline of the test, and not of a handshake. */
	signing_set_timeout(ends[1], 60000);
	remote->leaf = make_leaf(private);
	remote->pid = fork();
	assert_int_not_equal(remote->pid, -1);
	if (remote->pid == 0) {
		close(ends[1]);
		answer(ends[0], private);
	}
	close(ends[0]);
	EVP_PKEY_free(private);
	remote->line.fd = ends[1];
	remote->key = keyprovider_key(X509_get0_pubkey(remote->leaf), 0);
	assert_non_null(remote->key);
	keyprovider_use(&remote->line);
}

static void
end(struct remote *remote)
{
	keyprovider_use(NULL);
	close(remote->line.fd);
	assert_int_equal(waitpid(remote->pid, NULL, 0), remote->pid);
	EVP_PKEY_free(remote->key);
	X509_free(remote->leaf);
}

static SSL_CTX *
context_of(const SSL_METHOD *method, int version, const char *algorithms)
{
	SSL_CTX *context = SSL_CTX_new(method);

	assert_non_null(context);
	assert_int_equal(SSL_CTX_set_min_proto_version(context, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(context, version), 1);
	assert_int_equal(SSL_CTX_set1_sigalgs_list(context, algorithms), 1);
	return context;
}

/* Whether a client that knows only these algorithms can connect. */
static bool
connects(const struct remote *remote, int version, const char *algorithms)
{
	SSL_CTX *contexts[] = { context_of(
				    TLS_client_method(), version, algorithms),
		context_of(TLS_server_method(), version, algorithms) };
	SSL *client, *server;
	BIO *near, *far;
	bool done = false;

	assert_int_equal(SSL_CTX_use_certificate(contexts[1], remote->leaf), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(contexts[1], remote->key), 1);
	client = SSL_new(contexts[0]);
	server = SSL_new(contexts[1]);
	assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int turn = 0; turn < 10 && !done; turn++) {
		int here = SSL_do_handshake(client);
		int there = SSL_do_handshake(server);

		done = here == 1 && there == 1;
	}
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(contexts[0]);
	SSL_CTX_free(contexts[1]);
	return done;
}

static void
handshakes(void **state)
{
	static const struct {
		const char *kind, *in_1_2[7], *in_1_3[4];
	} cases[] = {
		{ "P-256", { "ECDSA+SHA256", "ECDSA+SHA384", "ECDSA+SHA512" },
		    { "ECDSA+SHA256" } },
		{ "P-384", { "ECDSA+SHA256", "ECDSA+SHA384" },
		    { "ECDSA+SHA384" } },
		{ "P-521", { "ECDSA+SHA256", "ECDSA+SHA512" },
		    { "ECDSA+SHA512" } },
		{ "RSA",
		    { "RSA+SHA256", "RSA+SHA384", "RSA+SHA512",
			"RSA-PSS+SHA256", "RSA-PSS+SHA384", "RSA-PSS+SHA512" },
		    { "RSA-PSS+SHA256", "RSA-PSS+SHA384", "RSA-PSS+SHA512" } },
		{ "ED25519", { "ed25519" }, { "ed25519" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct remote remote;

		begin(&remote, cases[i].kind);
		for (size_t j = 0; cases[i].in_1_2[j] != NULL; j++)
			if (!connects(
				&remote, TLS1_2_VERSION, cases[i].in_1_2[j]))
				fail_msg("%s, TLS 1.2, %s", cases[i].kind,
				    cases[i].in_1_2[j]);
		for (size_t j = 0; cases[i].in_1_3[j] != NULL; j++)
			if (!connects(
				&remote, TLS1_3_VERSION, cases[i].in_1_3[j]))
				fail_msg("%s, TLS 1.3, %s", cases[i].kind,
				    cases[i].in_1_3[j]);
		end(&remote);
	}
}

/* With the server's own settings, which have a trial in both versions. */
static void
contexts(void **state)
{
	static const char *const kinds[] = { "P-256", "P-384", "P-521", "RSA",
		"ED25519" };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char error[PAIRS_ERROR_MAX] = "";
		struct tls_context *context;
		struct remote remote;
		struct cert cert = { .file = "a.crt" };

		begin(&remote, kinds[i]);
		cert.leaf = remote.leaf;
		cert.key = remote.key;
		context = tls_context_new(2, NULL);
		assert_non_null(context);
		assert_int_equal(
		    tls_context_add(context, &cert, error, sizeof error), 0);
		assert_string_equal(error, "");
		/* Nobody signs: no client could connect. */
		keyprovider_use(NULL);
		assert_int_equal(
		    tls_context_add(context, &cert, error, sizeof error), -1);
		tls_context_free(context);
		end(&remote);
	}
}

/* With the certificate of another key. */
static void
another_key(void **state)
{
	EVP_PKEY *other = make_key("P-256");
	struct remote remote;

	(void)state;
	begin(&remote, "P-256");
	EVP_PKEY_free(remote.key);
	X509_free(remote.leaf);
	remote.leaf = make_leaf(other);
	remote.key = keyprovider_key(X509_get0_pubkey(remote.leaf), 0);
	assert_non_null(remote.key);
	assert_false(connects(&remote, TLS1_3_VERSION, "ECDSA+SHA256"));
	assert_false(connects(&remote, TLS1_2_VERSION, "ECDSA+SHA256"));
	/* And a key that the other process does not have. */
	EVP_PKEY_free(remote.key);
	remote.key = keyprovider_key(X509_get0_pubkey(remote.leaf), 1);
	assert_false(connects(&remote, TLS1_3_VERSION, "ECDSA+SHA256"));
	end(&remote);
	EVP_PKEY_free(other);
}

/* A keys process that was taken over sends what it likes. */
static void
no_public_key(void **state)
{
	X509 *bare = X509_new();

	(void)state;
	assert_non_null(bare);
	assert_null(keyprovider_key(X509_get0_pubkey(bare), 0));
	X509_free(bare);
}

/* There is nothing private in it. */
static void
no_private_half(void **state)
{
	BIGNUM *number = NULL;
	unsigned char bytes[64];
	size_t len = sizeof bytes;
	struct remote remote;

	(void)state;
	begin(&remote, "P-256");
	assert_int_equal(X509_check_private_key(remote.leaf, remote.key), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(
			     remote.key, OSSL_PKEY_PARAM_PRIV_KEY, &number),
	    0);
	assert_true(i2d_PrivateKey(remote.key, NULL) <= 0);
	end(&remote);
	begin(&remote, "ED25519");
	assert_int_not_equal(
	    EVP_PKEY_get_raw_private_key(remote.key, bytes, &len), 1);
	assert_true(i2d_PrivateKey(remote.key, NULL) <= 0);
	end(&remote);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes),
		cmocka_unit_test(contexts),
		cmocka_unit_test(another_key),
		cmocka_unit_test(no_public_key),
		cmocka_unit_test(no_private_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
