/* The certificates that a context can be made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pairs.h"
#include "sys/tls.h"

/* A certificate of `size` bytes and some more. */
static X509 *
large_leaf(EVP_PKEY *key, size_t size)
{
	char *text = malloc(size + 1);
	struct pairs_extension comment = { NID_netscape_comment, text };
	X509 *leaf;

	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	leaf = pairs_make_leaf(key, -1, 1, &comment);
	free(text);
	return leaf;
}

static void
expect(EVP_PKEY *key, X509 *leaf, STACK_OF(X509) * chain, const char *want)
{
	const struct cert cert = {
		.leaf = leaf, .chain = chain, .key = key, .file = "d/a.crt"
	};
	char error[PAIRS_ERROR_MAX] = "";
	struct tls_context *context = tls_context_new(1, NULL);

	assert_non_null(context);
	assert_int_equal(tls_context_add(context, &cert, error, sizeof error),
	    want[0] != '\0' ? -1 : 0);
	if (strcmp(error, want) != 0)
		fail_msg("got [%s], want [%s]", error, want);
	tls_context_free(context);
}

static void
test_keys(void **state)
{
	const struct {
		EVP_PKEY *key;
		const char *want;
	} table[] = {
		{ EVP_EC_gen("P-256"), "" },
		{ EVP_EC_gen("P-384"), "" },
		{ EVP_EC_gen("P-521"), "" },
		{ EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "" },
		{ EVP_RSA_gen(2048), "" },
		/* cert.c refuses these by name, and others like them are new */
		{ EVP_EC_gen("secp256k1"),
		    "d/a.crt: no client could connect: no shared cipher; use "
		    "another pair" },
		{ EVP_EC_gen("brainpoolP256r1"),
		    "d/a.crt: no client could connect: no shared cipher; use "
		    "another pair" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		X509 *leaf =
		    pairs_make_named_leaf(table[i].key, -1, 1, "DNS:a");

		expect(table[i].key, leaf, NULL, table[i].want);
		X509_free(leaf);
		EVP_PKEY_free(table[i].key);
	}
}

/* Clients take 100 KB of certificates. */
static void
test_chains(void **state)
{
	static const struct {
		size_t size;
		const char *want;
	} table[] = {
		{ 90000, "" },
		{ 110000,
		    "d/a.crt: no client could connect: excessive message size; "
		    "use another pair" },
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = pairs_make_named_leaf(key, -1, 1, "DNS:a");

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		STACK_OF(X509) *chain = sk_X509_new_null();

		assert_true(
		    sk_X509_push(chain, large_leaf(key, table[i].size)) > 0);
		expect(key, leaf, chain, table[i].want);
		sk_X509_pop_free(chain, X509_free);
	}
	X509_free(leaf);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_chains),
	};

	return cmocka_run_group_tests(tests, pairs_enter, pairs_leave);
}
