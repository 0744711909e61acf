/* What the keys process signs, what it refuses, and how it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "sys/signing.h"

#define SPACES \
	"                                                                "
#define SERVER SPACES "TLS 1.3, server CertificateVerify"
#define RANDOMS 64

enum kind {
	P256,
	P384,
	P521,
	RSA2048,
	ED25519,
	KINDS,
};

static EVP_PKEY *keys[KINDS];

/* OpenSSL's allocation of this number fails; 0: none does. */
static size_t fail_at, allocations;

static bool
fails(void)
{
	return fail_at != 0 && ++allocations == fail_at;
}

static void *
scarce_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : malloc(size);
}

static void *
scarce_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : realloc(old, size);
}

static void
usual_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	free(at);
}

static int
make_keys(void **state)
{
	(void)state;
	keys[P256] = EVP_EC_gen("P-256");
	keys[P384] = EVP_EC_gen("P-384");
	keys[P521] = EVP_EC_gen("P-521");
	keys[RSA2048] = EVP_RSA_gen(2048);
	keys[ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	for (size_t i = 0; i < KINDS; i++)
		if (keys[i] == NULL)
			return -1;
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

/* `head`, then bytes up to `len`. */
static struct str
message_of(struct str head, size_t len)
{
	static char bytes[400];

	assert_in_range(len, head.len, sizeof bytes);
	memset(bytes, 'h', sizeof bytes);
	memcpy(bytes, head.at, head.len);
	return (struct str){ bytes, len };
}

/* A CertificateVerify of TLS 1.3 for a hash of that length. */
static struct str
verify_of(size_t hash)
{
	/* With the NUL of the literal. */
	return message_of(
	    (struct str){ SERVER, sizeof SERVER }, sizeof SERVER + hash);
}

/* A ServerKeyExchange of TLS 1.2 with those parameters. */
static struct str
exchange_of(struct str params, size_t len)
{
	char head[RANDOMS + 16];

	memset(head, 'r', RANDOMS);
	memcpy(head + RANDOMS, params.at, params.len);
	return message_of(
	    (struct str){ head, RANDOMS + params.len }, RANDOMS + len);
}

static const struct str x25519 = { "\x03\x00\x1d\x20", 4 };
static const struct str p256 = { "\x03\x00\x17\x41\x04", 5 };

/* What each key may sign by. */
static const struct may {
	uint16_t scheme;
	enum kind key;
	bool in_1_2, in_1_3;
} may[] = {
	{ 0x0403, P256, true, true },
	{ 0x0503, P256, true, false },
	{ 0x0603, P256, true, false },
	{ 0x0403, P384, true, false },
	{ 0x0503, P384, true, true },
	{ 0x0603, P384, true, false },
	{ 0x0403, P521, true, false },
	{ 0x0503, P521, true, false },
	{ 0x0603, P521, true, true },
	{ 0x0804, RSA2048, true, true },
	{ 0x0805, RSA2048, true, true },
	{ 0x0806, RSA2048, true, true },
	{ 0x0401, RSA2048, true, false },
	{ 0x0501, RSA2048, true, false },
	{ 0x0601, RSA2048, true, false },
	{ 0x0807, ED25519, true, true },
};

static struct may
may_sign(uint16_t scheme, enum kind key)
{
	for (size_t i = 0; i < sizeof may / sizeof *may; i++)
		if (may[i].scheme == scheme && may[i].key == key)
			return may[i];
	return (struct may){ .in_1_2 = false, .in_1_3 = false };
}

static void
schemes_that_fit_the_key(void **state)
{
	/* The last are SHA-1, PSS with its own kind of key, and none. */
	static const uint16_t schemes[] = { 0x0403, 0x0503, 0x0603, 0x0804,
		0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0807, 0x0203, 0x0201,
		0x0809, 0x080a, 0x080b, 0x0808, 0x0000, 0xffff };

	(void)state;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		for (size_t j = 0; j < KINDS; j++) {
			const struct may want =
			    may_sign(schemes[i], (enum kind)j);

			assert_int_equal(want.in_1_3,
			    signing_allows(keys[j], schemes[i], verify_of(32)));
			assert_int_equal(want.in_1_3,
			    signing_allows(keys[j], schemes[i], verify_of(48)));
			assert_int_equal(want.in_1_2,
			    signing_allows(
				keys[j], schemes[i], exchange_of(x25519, 36)));
			assert_int_equal(want.in_1_2,
			    signing_allows(
				keys[j], schemes[i], exchange_of(p256, 69)));
		}
}

static void
assert_refused(struct str message)
{
	static const uint16_t schemes[] = { 0x0403, 0x0503, 0x0603, 0x0807,
		0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601 };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		for (size_t j = 0; j < KINDS; j++)
			assert_false(
			    signing_allows(keys[j], schemes[i], message));
}

static void
other_forms(void **state)
{
	/* Each with the NUL of the literal. */
	static const struct str contexts[] = {
		/* A signature of a client. */
		{ SPACES "TLS 1.3, client CertificateVerify", sizeof SERVER },
		/* RFC 9345 and others have texts of their own. */
		{ SPACES "TLS, server delegated credentials",
		    sizeof SPACES "TLS, server delegated credentials" },
		{ SPACES "TLS 1.3, server certificateVerify", sizeof SERVER },
		/* 63 spaces, and 64 of which one is none. */
		{ &SERVER[1], sizeof SERVER - 1 },
		{ "\t"
		  "                                                           "
		  "    TLS 1.3, server CertificateVerify",
		    sizeof SERVER },
	};
	static const struct {
		struct str params;
		size_t len;
	} exchanges[] = {
		{ { "\x03\x00\x1d\x20", 4 }, 35 },
		{ { "\x03\x00\x1d\x20", 4 }, 37 },
		{ { "\x03\x00\x1d\x21", 4 }, 37 },
		{ { "\x03\x00\x17\x41\x04", 5 }, 68 },
		{ { "\x03\x00\x17\x41\x04", 5 }, 70 },
		/* Compressed, P-384, explicit curves, finite fields. */
		{ { "\x03\x00\x17\x21\x02", 5 }, 37 },
		{ { "\x03\x00\x17\x41\x02", 5 }, 69 },
		{ { "\x03\x00\x18\x61\x04", 5 }, 101 },
		{ { "\x01\x00\x1d\x20", 4 }, 36 },
		{ { "\x02\x00\x17\x41\x04", 5 }, 69 },
		{ { "\x01\x00\x02\x17\x00", 5 }, 69 },
	};

	(void)state;
	for (size_t hash = 0; hash < 100; hash++)
		if (hash != 32 && hash != 48)
			assert_refused(verify_of(hash));
	for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
		assert_refused(message_of(contexts[i], contexts[i].len + 32));
		assert_refused(message_of(contexts[i], contexts[i].len + 48));
	}
	/* Another byte in the place of the NUL. */
	assert_refused(message_of(STR(SERVER "."), (sizeof SERVER) + 32));
	for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++)
		assert_refused(
		    exchange_of(exchanges[i].params, exchanges[i].len));
	/* What starts a certificate, a hash, nothing, and all that fits. */
	assert_refused(message_of(STR("0\x82\x01\x02"), 256));
	for (size_t len = 0; len <= SIGNING_MESSAGE_MAX; len++)
		assert_refused(message_of(STR(""), len));
}

static const char *
digest_of(uint16_t scheme)
{
	switch (scheme) {
	case 0x0807: return NULL;
	case 0x0403:
	case 0x0401:
	case 0x0804: return "SHA256";
	case 0x0503:
	case 0x0501:
	case 0x0805: return "SHA384";
	default: return "SHA512";
	}
}

static bool
is_signature(
    EVP_PKEY *key, uint16_t scheme, struct str message, struct str signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings;
	bool good;

	assert_non_null(context);
	assert_int_equal(EVP_DigestVerifyInit_ex(context, &settings,
			     digest_of(scheme), NULL, NULL, key, NULL),
	    1);
	if (scheme >= 0x0804 && scheme <= 0x0806) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(
				     settings, RSA_PKCS1_PSS_PADDING),
		    1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(
				     settings, RSA_PSS_SALTLEN_DIGEST),
		    1);
	}
	good = EVP_DigestVerify(context, (const unsigned char *)signature.at,
		   signature.len, (const unsigned char *)message.at,
		   message.len) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

/* Sends a request as signing_ask does, with number 7. */
static void
request(int fd, uint16_t key, uint16_t scheme, struct str message)
{
	static const uint32_t number = 7;
	char bytes[1024];
	size_t len = 8 + message.len;

	assert_in_range(len, 8, sizeof bytes);
	memcpy(bytes, &number, sizeof number);
	memcpy(bytes + 4, &key, sizeof key);
	memcpy(bytes + 6, &scheme, sizeof scheme);
	memcpy(bytes + 8, message.at, message.len);
	assert_int_equal(send(fd, bytes, len, 0), len);
}

/* The signature in the answer that has come. */
static struct str
answer(int fd)
{
	static char bytes[2048];
	uint32_t number;
	ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

	assert_true(got >= 4);
	memcpy(&number, bytes, sizeof number);
	assert_int_equal(number, 7);
	return (struct str){ bytes + 4, (size_t)got - 4 };
}

static void
answers(void **state)
{
	static const struct {
		enum kind key;
		uint16_t scheme;
	} cases[] = {
		{ P256, 0x0403 },
		{ P384, 0x0503 },
		{ P521, 0x0603 },
		{ RSA2048, 0x0804 },
		{ RSA2048, 0x0805 },
		{ RSA2048, 0x0806 },
		{ ED25519, 0x0807 },
	};
	struct str message;
	int line[2];

	(void)state;
	assert_int_equal(signing_pair(line), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(signing_prepare(keys[cases[i].key]), 0);
		message = verify_of(32);
		request(
		    line[1], (uint16_t)cases[i].key, cases[i].scheme, message);
		assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
		assert_true(is_signature(keys[cases[i].key], cases[i].scheme,
		    message, answer(line[1])));
	}
	message = exchange_of(p256, 69);
	request(line[1], RSA2048, 0x0501, message);
	assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
	assert_true(
	    is_signature(keys[RSA2048], 0x0501, message, answer(line[1])));
	close(line[0]);
	close(line[1]);
}

/* A worker has one request open: it has given up those before. */
static void
the_newest_alone(void **state)
{
	struct str message;
	int line[2];

	(void)state;
	assert_int_equal(signing_pair(line), 0);
	for (int i = 0; i < 50; i++)
		request(line[1], P256, 0x0403, verify_of(32));
	/* Shorter than those before, and other content. */
	message = exchange_of(x25519, 36);
	request(line[1], P256, 0x0403, message);
	assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
	assert_true(is_signature(keys[P256], 0x0403, message, answer(line[1])));
	assert_int_equal(signing_answer(line[0], keys, KINDS), -1);
	assert_int_equal(errno, EAGAIN);
	/* A worker that ended after its request is found out the next time. */
	request(line[1], P256, 0x0403, message);
	close(line[1]);
	assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
	assert_int_equal(signing_answer(line[0], keys, KINDS), 0);
	close(line[0]);
}

static void
refusals(void **state)
{
	static const struct {
		uint16_t key, scheme;
		size_t hash;
	} cases[] = {
		/* The control. */
		{ P256, 0x0403, 32 },
		{ P256, 0x0503, 32 },
		{ P256, 0x0403, 33 },
		{ KINDS, 0x0403, 32 },
		{ UINT16_MAX, 0x0403, 32 },
		/* Longer than the longest. */
		{ P256, 0x0403, SIGNING_MESSAGE_MAX },
	};
	int line[2];

	(void)state;
	assert_int_equal(signing_pair(line), 0);
	assert_int_equal(signing_answer(line[0], keys, KINDS), -1);
	assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		request(line[1], cases[i].key, cases[i].scheme,
		    verify_of(cases[i].hash));
		assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
		assert_int_equal(answer(line[1]).len > 0, i == 0);
	}
	/* Without a key there is nothing to sign with. */
	request(line[1], P256, 0x0403, verify_of(32));
	assert_int_equal(signing_answer(line[0], keys, 0), 1);
	assert_int_equal(answer(line[1]).len, 0);
	/* Not even a head: no answer. */
	assert_int_equal(send(line[1], "1234567", 7, 0), 7);
	assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
	assert_int_equal(recv(line[1], (char[8]){ 0 }, 8, MSG_DONTWAIT), -1);
	/* A worker that reads no answer holds nobody up. */
	for (int i = 0; i < 10000; i++) {
		request(line[1], P256, 0, verify_of(32));
		assert_int_equal(signing_answer(line[0], keys, KINDS), 1);
	}
	close(line[0]);
	close(line[1]);
	assert_int_equal(signing_pair(line), 0);
	close(line[1]);
	assert_int_equal(signing_answer(line[0], keys, KINDS), 0);
	close(line[0]);
}

/* OpenSSL 3.0 returns success and a length of -1 at one of them. */
static void
without_memory(void **state)
{
	struct str message, signature;
	size_t failed = 0;
	int line[2];

	(void)state;
	assert_int_equal(signing_pair(line), 0);
	for (size_t i = 0; i < KINDS; i++)
		for (size_t number = 1;; number++) {
			uint16_t scheme = (const uint16_t[]){ 0x0403, 0x0503,
				0x0603, 0x0804, 0x0807 }[i];

			message = verify_of(32);
			request(line[1], (uint16_t)i, scheme, message);
			allocations = 0;
			fail_at = number;
			assert_int_equal(
			    signing_answer(line[0], keys, KINDS), 1);
			fail_at = 0;
			signature = answer(line[1]);
			if (signature.len > 0)
				assert_true(is_signature(
				    keys[i], scheme, message, signature));
			else
				failed++;
			if (allocations < number)
				break;
		}
	assert_true(failed > KINDS);
	close(line[0]);
	close(line[1]);
}

/* Queues an answer at the worker's end. */
static void
queue(int fd, uint32_t number, struct str signature)
{
	char bytes[64];

	memcpy(bytes, &number, sizeof number);
	memcpy(bytes + 4, signature.at, signature.len);
	assert_int_equal(
	    send(fd, bytes, 4 + signature.len, 0), 4 + signature.len);
}

/* How many requests have come. */
static size_t
requests(int fd)
{
	char bytes[512];
	size_t count = 0;

	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		count++;
	return count;
}

static int
ask(struct signing_line *line, unsigned char *out)
{
	const struct signing_request asked = { .scheme = 0x0403,
		.message = STR("message") };

	return signing_ask(line, &asked, out);
}

static void
asking(void **state)
{
	unsigned char out[SIGNING_SIGNATURE_MAX];
	struct signing_line line = { 0 };
	struct signing_request request = { .message =
					       message_of(STR(""), 257) };
	int ends[2];

	(void)state;
	assert_int_equal(signing_pair(ends), 0);
	line.fd = ends[1];
	/* One. */
	queue(ends[0], 1, STR("one"));
	assert_int_equal(ask(&line, out), 3);
	assert_memory_equal(out, "one", 3);
	assert_int_equal(requests(ends[0]), 1);
	/* Answers that come late, to others than the second. */
	queue(ends[0], 1, STR("late"));
	queue(ends[0], 77, STR("wrong"));
	queue(ends[0], 2, STR("two"));
	assert_int_equal(ask(&line, out), 3);
	assert_memory_equal(out, "two", 3);
	assert_int_equal(requests(ends[0]), 1);
	/* A keys process that has just started is asked again. */
	signing_greet(ends[0]);
	queue(ends[0], 3, STR("three"));
	queue(ends[0], 3, STR("twice"));
	assert_int_equal(ask(&line, out), 5);
	assert_memory_equal(out, "three", 5);
	assert_int_equal(requests(ends[0]), 2);
	queue(ends[0], 4, STR("four"));
	assert_int_equal(ask(&line, out), 4);
	assert_memory_equal(out, "four", 4);
	/* Refused, or too long to be sent: an answer all the same. */
	queue(ends[0], 5, STR(""));
	assert_int_equal(ask(&line, out), -1);
	assert_false(line.is_down);
	assert_int_equal(requests(ends[0]), 2);
	assert_int_equal(signing_ask(&line, &request, out), -1);
	assert_false(line.is_down);
	assert_int_equal(requests(ends[0]), 0);
	/* The numbers go around, and 0 is none of them. */
	line.number = UINT32_MAX;
	queue(ends[0], 1, STR("first"));
	assert_int_equal(ask(&line, out), 5);
	close(ends[0]);
	close(ends[1]);
}

static void
no_answer(void **state)
{
	unsigned char out[SIGNING_SIGNATURE_MAX];
	struct signing_line line = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(signing_pair(ends), 0);
	line.fd = ends[1];
	signing_set_timeout(ends[1], 1);
	assert_int_equal(ask(&line, out), -1);
	assert_true(line.is_down);
	assert_int_equal(requests(ends[0]), 1);
	/* From then on nobody waits, or is asked. */
	signing_set_timeout(ends[1], 0); /* for ever */
	assert_int_equal(ask(&line, out), -1);
	assert_true(line.is_down);
	assert_int_equal(requests(ends[0]), 0);
	/* Until it is heard: late, or as a successor. */
	queue(ends[0], 1, STR("late"));
	queue(ends[0], 2, STR("two"));
	assert_int_equal(ask(&line, out), 3);
	assert_memory_equal(out, "two", 3);
	assert_false(line.is_down);
	line.is_down = true;
	signing_greet(ends[0]);
	queue(ends[0], 3, STR("three"));
	assert_int_equal(ask(&line, out), 5);
	assert_false(line.is_down);
	/* One that sends nonsense without end is as good as silent. */
	for (int i = 0; i < 100; i++)
		queue(ends[0], 99, STR("nonsense"));
	assert_int_equal(ask(&line, out), -1);
	assert_true(line.is_down);
	close(ends[0]);
	assert_int_equal(ask(&line, out), -1);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemes_that_fit_the_key),
		cmocka_unit_test(other_forms),
		cmocka_unit_test(answers),
		cmocka_unit_test(the_newest_alone),
		cmocka_unit_test(refusals),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(asking),
		cmocka_unit_test(no_answer),
	};

	/* Before OpenSSL has allocated anything. */
	if (CRYPTO_set_mem_functions(
		scarce_malloc, scarce_realloc, usual_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
