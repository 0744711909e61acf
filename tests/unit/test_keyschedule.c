/* The key schedule of TLS 1.3: RFC 8448's, and in all else OpenSSL's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "sys/keyschedule.h"
#include "sys/selfsigned.h"

#define EXTRACT EVP_KDF_HKDF_MODE_EXTRACT_ONLY
#define EXPAND EVP_KDF_HKDF_MODE_EXPAND_ONLY
#define THEIRS "provider=default"

#define INPUT_MAX 300
/* RFC 5869, 2.3: no more than 255 hashes. */
#define OUT_MAX ((size_t)255 * EVP_MAX_MD_SIZE)

enum {
	KEY,
	SALT,
	PREFIX,
	LABEL,
	DATA,
	INPUTS
};

static const char *const names[INPUTS] = {
	[KEY] = OSSL_KDF_PARAM_KEY,
	[SALT] = OSSL_KDF_PARAM_SALT,
	[PREFIX] = OSSL_KDF_PARAM_PREFIX,
	[LABEL] = OSSL_KDF_PARAM_LABEL,
	[DATA] = OSSL_KDF_PARAM_DATA,
};

/* One derivation. */
struct asked {
	int mode;
	char digest[16];
	size_t len;
	struct input {
		bool given;
		size_t len;
		unsigned char at[INPUT_MAX];
	} inputs[INPUTS];
};

/* What OpenSSL has asked for memory: it gets it here. */
static size_t allocations;

static void *
counting_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(size);
}

static void *
counting_realloc(void *at, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(at, size);
}

static void
counting_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	free(at);
}

static void
set(struct input *input, const void *at, size_t len)
{
	assert_true(len <= sizeof input->at);
	memcpy(input->at, at, len);
	input->len = len;
	input->given = true;
}

static void
set_hex(struct input *input, const char *hex)
{
	if (hex == NULL)
		return;
	assert_int_equal(OPENSSL_hexstr2buf_ex(input->at, sizeof input->at,
			     &input->len, hex, '\0'),
	    1);
	input->given = true;
}

/* As libssl asks for `len` bytes. */
static struct asked
asked_for(int mode, const char *label, size_t len)
{
	struct asked asked = {
		.mode = mode, .digest = OSSL_DIGEST_NAME_SHA2_256, .len = len
	};

	set(&asked.inputs[PREFIX], "tls13 ", 6);
	set(&asked.inputs[LABEL], label, strlen(label));
	return asked;
}

static void
parameters(struct asked *asked, OSSL_PARAM out[INPUTS + 3])
{
	*out++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &asked->mode);
	*out++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_KDF_PARAM_DIGEST, asked->digest, 0);
	for (size_t i = 0; i < INPUTS; i++) {
		struct input *input = &asked->inputs[i];

		if (input->given)
			*out++ = OSSL_PARAM_construct_octet_string(
			    names[i], input->at, input->len);
	}
	*out = OSSL_PARAM_construct_end();
}

/* By the provider that `query` prefers: whether it did. */
static bool
derive(
    const char *query, const OSSL_PARAM *given, unsigned char *out, size_t len)
{
	EVP_KDF *method = EVP_KDF_fetch(NULL, "TLS13-KDF", query);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(method);
	bool done;

	assert_non_null(context);
	allocations = 0;
	done = EVP_KDF_derive(context, out, len, given) == 1;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(method);
	ERR_clear_error();
	return done;
}

/* The same, or as impossible, by ours as by theirs; whether it can be. */
static bool
same(const OSSL_PARAM *given, size_t len)
{
	static unsigned char ours[OUT_MAX + 1], theirs[OUT_MAX + 1];
	bool possible = derive(THEIRS, given, theirs, len);

	assert_int_equal(
	    derive(keyschedule_load(), given, ours, len), possible);
	if (possible)
		assert_memory_equal(ours, theirs, len);
	return possible;
}

static bool
same_asked(struct asked *asked)
{
	OSSL_PARAM given[INPUTS + 3];

	parameters(asked, given);
	return same(given, asked->len);
}

#define EARLY "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"
#define SHARED \
	"8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"
#define HANDSHAKE \
	"1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"
#define CLIENT_HANDSHAKE \
	"b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"
#define SERVER_HANDSHAKE \
	"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"
#define MASTER \
	"18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"
#define CLIENT \
	"9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"
#define SERVER \
	"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
#define RESUMPTION \
	"7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c"

/* Hashes: of nothing, and of the messages up to the one named. */
#define NOTHING \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SERVER_HELLO \
	"860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8"
#define SERVER_FINISHED \
	"9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13"
#define CLIENT_FINISHED \
	"209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d"

/* RFC 8448, 3: a simple handshake, every secret and key of it. */
static const struct {
	int mode;
	const char *key, *salt, *label, *data, *want;
} trace[] = {
	{ EXTRACT, NULL, NULL, "derived", NULL, EARLY },
	{ EXPAND, EARLY, NULL, "derived", NOTHING,
	    "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611b"
	    "a" },
	{ EXTRACT, SHARED, EARLY, "derived", NULL, HANDSHAKE },
	{ EXPAND, HANDSHAKE, NULL, "c hs traffic", SERVER_HELLO,
	    CLIENT_HANDSHAKE },
	{ EXPAND, HANDSHAKE, NULL, "s hs traffic", SERVER_HELLO,
	    SERVER_HANDSHAKE },
	{ EXPAND, HANDSHAKE, NULL, "derived", NOTHING,
	    "43de77e0c77713859a944db9db2590b53190a65b3ee2e4f12dd7a0bb7ce254b"
	    "4" },
	{ EXTRACT, NULL, HANDSHAKE, "derived", NULL, MASTER },
	{ EXPAND, SERVER_HANDSHAKE, NULL, "key", NULL,
	    "3fce516009c21727d0f2e4e86ee403bc" },
	{ EXPAND, SERVER_HANDSHAKE, NULL, "iv", NULL,
	    "5d313eb2671276ee13000b30" },
	{ EXPAND, SERVER_HANDSHAKE, NULL, "finished", NULL,
	    "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc"
	    "8" },
	{ EXPAND, CLIENT_HANDSHAKE, NULL, "key", NULL,
	    "dbfaa693d1762c5b666af5d950258d01" },
	{ EXPAND, CLIENT_HANDSHAKE, NULL, "iv", NULL,
	    "5bd3c71b836e0b76bb73265f" },
	{ EXPAND, CLIENT_HANDSHAKE, NULL, "finished", NULL,
	    "b80ad01015fb2f0bd65ff7d4da5d6bf83f84821d1f87fdc7d3c75b5a7b42d9c"
	    "4" },
	{ EXPAND, MASTER, NULL, "c ap traffic", SERVER_FINISHED, CLIENT },
	{ EXPAND, MASTER, NULL, "s ap traffic", SERVER_FINISHED, SERVER },
	{ EXPAND, MASTER, NULL, "exp master", SERVER_FINISHED,
	    "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf5"
	    "0" },
	{ EXPAND, SERVER, NULL, "key", NULL,
	    "9f02283b6c9c07efc26bb9f2ac92e356" },
	{ EXPAND, SERVER, NULL, "iv", NULL, "cf782b88dd83549aadf1e984" },
	{ EXPAND, CLIENT, NULL, "key", NULL,
	    "17422dda596ed5d9acd890e3c63f5051" },
	{ EXPAND, CLIENT, NULL, "iv", NULL, "5b78923dee08579033e523d9" },
	{ EXPAND, MASTER, NULL, "res master", CLIENT_FINISHED, RESUMPTION },
	{ EXPAND, RESUMPTION, NULL, "resumption", "0000",
	    "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f"
	    "3" },
};

/* Theirs by the RFC, so that no number here is wrong; then ours. */
static void
vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof trace / sizeof *trace; i++) {
		struct input want = { .len = 0 };
		struct asked asked =
		    asked_for(trace[i].mode, trace[i].label, 0);
		OSSL_PARAM given[INPUTS + 3];
		unsigned char out[EVP_MAX_MD_SIZE];

		set_hex(&want, trace[i].want);
		set_hex(&asked.inputs[KEY], trace[i].key);
		set_hex(&asked.inputs[SALT], trace[i].salt);
		set_hex(&asked.inputs[DATA], trace[i].data);
		parameters(&asked, given);
		assert_true(derive(THEIRS, given, out, want.len));
		assert_memory_equal(out, want.at, want.len);
		assert_true(allocations > 0);
		memset(out, 0, sizeof out);
		assert_true(derive(keyschedule_load(), given, out, want.len));
		assert_memory_equal(out, want.at, want.len);
		/* So it was not handed on. */
		assert_int_equal(allocations, 0);
	}
}

/* Each length from none to more than can be, the others as in TLS. */
static void
bounds(void **state)
{
	size_t possible = 0, tried = 0;

	(void)state;
	for (int mode = 0; mode < 4; mode++) {
		struct asked usual = asked_for(mode, "c hs traffic", 32);

		set_hex(&usual.inputs[KEY], HANDSHAKE);
		set_hex(&usual.inputs[DATA], SERVER_HELLO);
		for (size_t i = 0; i < INPUTS; i++) {
			for (size_t len = 0; len <= INPUT_MAX; len++) {
				struct asked asked = usual;

				asked.inputs[i].given = true;
				asked.inputs[i].len = len;
				possible += same_asked(&asked);
				tried++;
			}
		}
		for (usual.len = 0; usual.len <= 300; usual.len++)
			same_asked(&usual);
		for (usual.len = 255 * 32 - 1; usual.len <= 255 * 32 + 1;
		     usual.len++)
			same_asked(&usual);
	}
	/* Neither everything nor nothing. */
	assert_in_range(possible, tried / 4, tried - tried / 4);
}

/* Always the same numbers: xorshift (Marsaglia), below `end`. */
static size_t
some(size_t end)
{
	static uint64_t x = 88172645463325252U;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (size_t)(x >> 20) % end;
}

static void
anything(void **state)
{
	static const char *const digests[] = { "SHA2-256", "SHA2-256",
		"SHA2-256", "SHA256", "sha2-256", "SHA2-384", "MD5", "none",
		"" };

	(void)state;
	for (size_t n = 0; n < 3000; n++) {
		struct asked asked = { .mode = some(2) ? EXPAND : EXTRACT,
			.len = some(4) ? 32 : some(100) };

		strncpy(asked.digest,
		    digests[some(sizeof digests / sizeof *digests)],
		    sizeof asked.digest - 1);
		for (size_t i = 0; i < INPUTS; i++) {
			struct input *input = &asked.inputs[i];

			input->given = some(4) != 0;
			input->len = some(4) != 0
			    ? (i == PREFIX || i == LABEL ? 6 : 32)
			    : some(70);
			for (size_t j = 0; j < input->len; j++)
				input->at[j] = (unsigned char)some(256);
		}
		same_asked(&asked);
	}
}

/* Whatever OpenSSL makes of parameters that libssl does not give. */
static void
odd_parameters(void **state)
{
	struct asked asked = asked_for(EXPAND, "key", 16);
	char word[] = "EXPAND_ONLY", query[] = "provider=default";
	unsigned char other[32] = { 0 };
	int extract = EXTRACT;
	int16_t narrow = EXPAND;
	int64_t wide = EXPAND, too_wide = ((int64_t)1 << 32) + EXPAND;
	OSSL_PARAM usual[INPUTS + 3], given[INPUTS + 3];
	const OSSL_PARAM none[] = { OSSL_PARAM_construct_end() };
	const OSSL_PARAM odd[] = {
		OSSL_PARAM_construct_utf8_string("mode", word, 0),
		OSSL_PARAM_construct_int("mode", &extract),
		OSSL_PARAM_construct_int64("mode", &wide),
		OSSL_PARAM_construct_int64("mode", &too_wide),
		{ "mode", OSSL_PARAM_INTEGER, &narrow, sizeof narrow, 0 },
		OSSL_PARAM_construct_octet_string("mode", &wide, 4),
		OSSL_PARAM_construct_octet_string("mode", NULL, 4),
		OSSL_PARAM_construct_octet_string("key", other, 32),
		OSSL_PARAM_construct_utf8_string("key", word, 0),
		OSSL_PARAM_construct_octet_string("label", NULL, 0),
		OSSL_PARAM_construct_octet_string("label", NULL, 4),
		OSSL_PARAM_construct_octet_string("unknown", word, 4),
		OSSL_PARAM_construct_utf8_string("properties", query, 0),
		OSSL_PARAM_construct_end(),
	};
	size_t count = 0;

	(void)state;
	set_hex(&asked.inputs[KEY], SERVER);
	parameters(&asked, usual);
	assert_true(same(usual, 16));
	assert_false(same(NULL, 16));
	assert_false(same(none, 16));
	/* In place of each in turn, and besides them all. */
	while (usual[count].key != NULL)
		count++;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		for (size_t j = 0; j <= count; j++) {
			memcpy(given, usual, sizeof given);
			given[j] = odd[i];
			given[count + 1] = OSSL_PARAM_construct_end();
			same(given, 16);
		}
	}
	/* In another order. */
	for (size_t i = 0; i < count; i++)
		given[i] = usual[count - 1 - i];
	given[count] = OSSL_PARAM_construct_end();
	assert_true(same(given, 16));
}

/* Who answers a query, by the name of its provider. */
static void
preferred(void **state)
{
	static const struct {
		const char *query, *want;
	} table[] = {
		{ "?provider=capsuled", "capsuled" },
		{ "provider=default", "default" },
		{ "provider!=capsuled", "default" },
	};

	(void)state;
	assert_string_equal(keyschedule_load(), table[0].query);
	/* Again, as for each reload: there is nothing left to do. */
	allocations = 0;
	assert_string_equal(keyschedule_load(), table[0].query);
	assert_int_equal(allocations, 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		EVP_KDF *method =
		    EVP_KDF_fetch(NULL, "TLS13-KDF", table[i].query);

		assert_non_null(method);
		assert_string_equal(
		    OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(method)),
		    table[i].want);
		EVP_KDF_free(method);
	}
}

static SSL *
side(const char *query, const char *suite, int version)
{
	SSL_CTX *context = SSL_CTX_new_ex(NULL, query, TLS_method());
	SSL *ssl;

	assert_non_null(context);
	assert_int_equal(SSL_CTX_set_max_proto_version(context, version), 1);
	assert_int_equal(SSL_CTX_set_ciphersuites(context, suite), 1);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	assert_non_null(ssl);
	return ssl;
}

static void
send_bytes(SSL *from, SSL *to)
{
	char got[8];

	assert_int_equal(SSL_write(from, "capsule", 7), 7);
	assert_int_equal(SSL_read(to, got, sizeof got), 7);
	assert_memory_equal(got, "capsule", 7);
}

/* More than a hash, under a label that is longer than any of TLS's own. */
static void
same_export(SSL *server, SSL *client)
{
	static const char label[] = "EXPORTER of capsuled's test, quite long";
	unsigned char ours[100], theirs[sizeof ours];

	assert_int_equal(SSL_export_keying_material(server, ours, sizeof ours,
			     label, sizeof label - 1, NULL, 0, 0),
	    1);
	assert_int_equal(
	    SSL_export_keying_material(client, theirs, sizeof theirs, label,
		sizeof label - 1, NULL, 0, 0),
	    1);
	assert_memory_equal(ours, theirs, sizeof ours);
}

/* A server with our key schedule, and a client with OpenSSL's. */
static void
handshakes(void **state)
{
	static const struct str name = STR_INIT("localhost");
	static const struct {
		const char *suite;
		int version;
	} table[] = {
		{ "TLS_AES_128_GCM_SHA256", TLS1_3_VERSION },
		{ "TLS_CHACHA20_POLY1305_SHA256", TLS1_3_VERSION },
		{ "TLS_AES_256_GCM_SHA384", TLS1_3_VERSION },
		{ "", TLS1_2_VERSION },
	};
	X509 *leaf;
	EVP_PKEY *key;

	(void)state;
	assert_int_equal(selfsigned_make(&name, 1, &leaf, &key), 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		SSL *server =
		    side(keyschedule_load(), table[i].suite, table[i].version);
		SSL *client = side(THEIRS, table[i].suite, table[i].version);
		BIO *bios[2];
		int done = 0;

		assert_int_equal(
		    BIO_new_bio_pair(&bios[0], 1 << 16, &bios[1], 1 << 16), 1);
		SSL_set_bio(server, bios[0], bios[0]);
		SSL_set_bio(client, bios[1], bios[1]);
		assert_int_equal(SSL_use_certificate(server, leaf), 1);
		assert_int_equal(SSL_use_PrivateKey(server, key), 1);
		for (size_t round = 0; round < 4 && done != 2; round++)
			done = (SSL_connect(client) == 1) +
			    (SSL_accept(server) == 1);
		assert_int_equal(done, 2);
		assert_int_equal(SSL_version(client), table[i].version);
		send_bytes(server, client);
		send_bytes(client, server);
		same_export(server, client);
		if (table[i].version == TLS1_3_VERSION) {
			assert_int_equal(
			    SSL_key_update(server, SSL_KEY_UPDATE_REQUESTED),
			    1);
			send_bytes(server, client);
			send_bytes(client, server);
		}
		SSL_free(server);
		SSL_free(client);
	}
	X509_free(leaf);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preferred),
		cmocka_unit_test(vectors),
		cmocka_unit_test(bounds),
		cmocka_unit_test(anything),
		cmocka_unit_test(odd_parameters),
		cmocka_unit_test(handshakes),
	};

	/* Before anything else of OpenSSL's. */
	if (CRYPTO_set_mem_functions(
		counting_malloc, counting_realloc, counting_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
