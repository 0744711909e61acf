/* The keys that are taken and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <grp.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "pairs.h"

static const char *group_name; /* of every group; NULL: it has no name */

/* In place of libc's. */
struct group *
getgrgid(gid_t gid)
{
	static struct group group;
	static char name[32];

	(void)gid;
	if (group_name == NULL)
		return NULL;
	snprintf(name, sizeof name, "%s", group_name);
	group.gr_name = name;
	return &group;
}

static EVP_PKEY *
curve(const char *name)
{
	return EVP_EC_gen(name);
}

/* RSA of a number that takes long to find; these only look like one. */
static EVP_PKEY *
rsa_of_bits(int bits)
{
	static const char *const names[] = { "n", "e", "d", "rsa-factor1",
		"rsa-factor2", "rsa-exponent1", "rsa-exponent2",
		"rsa-coefficient1" };
	BIGNUM *numbers[sizeof names / sizeof names[0]];
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		numbers[i] = BN_new();
		assert_int_equal(
		    BN_set_bit(numbers[i], i == 0 ? bits - 1 : 16), 1);
		assert_int_equal(BN_set_bit(numbers[i], 0), 1);
		assert_int_equal(
		    OSSL_PARAM_BLD_push_BN(build, names[i], numbers[i]), 1);
	}
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params), 1);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		BN_free(numbers[i]);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
explicit_parameters(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_group_name(context, "P-256"), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE),
	    1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

/* Keys with which every handshake, or that of many clients, fails. */
static void
test_kinds(void **state)
{
	const struct {
		EVP_PKEY *key;
		const char *want;
	} table[] = {
		{ curve("secp256k1"),
		    "a key on secp256k1, which clients do not support, "
		    "use P-256" },
		{ curve("brainpoolP256r1"),
		    "a key on brainpoolP256r1, which clients do not support, "
		    "use P-256" },
		{ curve("P-224"),
		    "a key on secp224r1, which clients do not support, "
		    "use P-256" },
		{ explicit_parameters(),
		    "has explicit EC parameters, which clients refuse; name "
		    "the curve with openssl ec -param_enc named_curve" },
		{ rsa_of_bits(1024), "1024 bits are too weak, use P-256" },
		{ rsa_of_bits(8193),
		    "8193 bits are more than clients accept, use P-256" },
		{ EVP_PKEY_Q_keygen(NULL, NULL, "ED448"),
		    "a kind of key that clients do not support, use EC, RSA "
		    "or Ed25519" },
		{ EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
		    "a kind of key that clients do not support, use EC, RSA "
		    "or Ed25519" },
	};
	EVP_PKEY *good = curve("P-256");
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		pairs_put(good, -1, 1);
		assert_non_null(table[i].key);
		pairs_put_key(table[i].key, NULL);
		snprintf(want, sizeof want, "d/a.key: %s", table[i].want);
		pairs_expect_error(CERT_MAKE, want);
		EVP_PKEY_free(table[i].key);
	}
	EVP_PKEY_free(good);
}

static void
test_good_kinds(void **state)
{
	const struct str name = STR("a");
	EVP_PKEY *keys[] = { EVP_RSA_gen(2048), curve("P-256"), curve("P-384"),
		curve("P-521"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct cert cert;

		pairs_put(keys[i], -1, 100);
		pairs_load(&cert, &name, 1);
		assert_false(cert.made);
		assert_int_equal(cert.warning_count, 0);
		assert_null(cert.chain);
		cert_release(&cert);
		EVP_PKEY_free(keys[i]);
	}
}

/* The certificate decides for what its key may be used. */
static void
test_leaves(void **state)
{
	static const struct {
		struct pairs_extension extension;
		const char *want;
	} table[] = {
		{ { NID_key_usage, "digitalSignature" }, NULL },
		{ { NID_key_usage, "keyEncipherment,digitalSignature" }, NULL },
		{ { NID_basic_constraints, "CA:TRUE" }, NULL },
		{ { NID_key_usage, "keyAgreement" },
		    "d/a.crt: its key usage lacks digitalSignature, so clients "
		    "refuse it; renew it with "
		    "capsule rekey --names" },
		{ { NID_key_usage, "keyEncipherment" },
		    "d/a.crt: its key usage lacks digitalSignature, so clients "
		    "refuse it; renew it with "
		    "capsule rekey --names" },
	};
	const struct str name = STR("a");
	EVP_PKEY *key = curve("P-256");

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct cert cert;

		pairs_put(key, -1, 1);
		unlink("d/a.crt");
		pairs_put_cert(
		    pairs_make_leaf(key, -1, 1, &table[i].extension));
		if (table[i].want == NULL) {
			pairs_load(&cert, &name, 1);
			cert_release(&cert);
		} else {
			pairs_expect_error(CERT_MAKE, table[i].want);
		}
	}
	EVP_PKEY_free(key);
}

/* The key names its curve, and its certificate does not. */
static void
test_explicit_leaf(void **state)
{
	EVP_PKEY *key = explicit_parameters();

	(void)state;
	pairs_put(key, -1, 1);
	assert_int_equal(
	    EVP_PKEY_set_utf8_string_param(
		key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP),
	    1);
	pairs_put_key(key, NULL);
	pairs_expect_error(CERT_MAKE,
	    "d/a.crt: has explicit EC parameters, which clients refuse; renew "
	    "it with capsule rekey --names");
	EVP_PKEY_free(key);
}

#define OPEN_TO_OTHERS " lets others access the key, chmod 600 it"

static void
test_modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *group;
		const char *want; /* behind the mode; NULL: it is taken */
	} table[] = {
		{ 0600, "users", NULL },
		{ 0400, "users", NULL },
		{ 0640, "ssl-cert", NULL },
		{ 0440, NULL, NULL },
		{ 0640, "users",
		    " lets the group users read the key, and every account is "
		    "in it; chmod 600 it" },
		{ 0440, "nogroup",
		    " lets the group nogroup read the key, and every account "
		    "is in it; chmod 600 it" },
		{ 0640, "everybody",
		    " lets the group everybody read the key, and every account "
		    "is in it; chmod 600 it" },
		{ 0604, "ssl-cert", OPEN_TO_OTHERS },
		{ 0644, "ssl-cert", OPEN_TO_OTHERS },
		{ 0620, "ssl-cert", OPEN_TO_OTHERS },
		{ 0660, "ssl-cert", OPEN_TO_OTHERS },
		{ 0610, "ssl-cert", OPEN_TO_OTHERS },
		{ 0602, "ssl-cert", OPEN_TO_OTHERS },
	};
	const struct str name = STR("a");
	EVP_PKEY *key = curve("P-256");
	char want[160];

	(void)state;
	pairs_put(key, -1, 1);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct cert cert;

		assert_int_equal(chmod("d/a.key", table[i].mode), 0);
		group_name = table[i].group;
		if (table[i].want == NULL) {
			pairs_load(&cert, &name, 1);
			cert_release(&cert);
			continue;
		}
		snprintf(want, sizeof want, "d/a.key: mode 0%o%s",
		    (unsigned)table[i].mode, table[i].want);
		pairs_expect_error(CERT_MAKE, want);
	}
	EVP_PKEY_free(key);
}

static void
test_refused_files(void **state)
{
	EVP_PKEY *key = curve("P-256"), *other = curve("P-256");

	(void)state;
	pairs_put(key, -1, 1);
	pairs_put_key(other, NULL);
	pairs_expect_error(CERT_MAKE,
	    "d/a.crt: not the certificate of a.key beside it, "
	    "restore the pair");
	pairs_put_key(key, "secret");
	pairs_expect_error(CERT_MAKE,
	    "d/a.key: needs a passphrase, "
	    "remove it with openssl pkey");
	pairs_write_file("d/a.key", "no key\n", 0600);
	pairs_expect_error(
	    CERT_MAKE, "d/a.key: holds no key in PEM, put one there");
	pairs_write_file("d/a.key", "", 0600);
	pairs_expect_error(
	    CERT_MAKE, "d/a.key: holds no key in PEM, put one there");
	unlink("d/a.key");
	assert_int_equal(mkdir("d/a.key", 0700), 0);
	pairs_expect_error(
	    CERT_MAKE, "d/a.key: not a regular file, put a PEM file there");
	rmdir("d/a.key");
	assert_int_equal(mkfifo("d/a.key", 0600), 0);
	pairs_expect_error(
	    CERT_MAKE, "d/a.key: not a regular file, put a PEM file there");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_good_kinds),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_explicit_leaf),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_refused_files),
	};

	return cmocka_run_group_tests(tests, pairs_enter, pairs_leave);
}
