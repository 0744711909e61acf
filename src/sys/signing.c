/*
 * Requests and makes signatures over a socket, and checks that only contents of
 * TLS handshakes are signed.
 */
#include "sys/signing.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/clock.h"
#include "sys/fdpass.h"

#define HEAD_SIZE ((size_t)8)
#define NUMBER_SIZE sizeof(uint32_t)
#define REQUEST_MAX (HEAD_SIZE + SIGNING_MESSAGE_MAX)
/* Client random and server random before the parameters of TLS 1.2. */
#define RANDOMS_SIZE ((size_t)64)

/* The limit of late answers and greetings that a waiting worker skips. */
#define MESSAGES_MAX 64

/* The limit of older requests that are skipped for the newest one. */
#define STALE_MAX 64

/* The SignatureSchemes that libssl is allowed to choose. */
static const struct scheme {
	uint16_t code;
	const char *key; /* its type */
	const char *digest; /* NULL: part of the key's type */
	bool is_pss;
	bool has_1_2, has_1_3; /* versions of TLS */
	const char *curve; /* that TLS 1.3 asks for; NULL: any */
} schemes[] = {
	{ 0x0403, "EC", "SHA256", false, true, true, "prime256v1" },
	{ 0x0503, "EC", "SHA384", false, true, true, "secp384r1" },
	{ 0x0603, "EC", "SHA512", false, true, true, "secp521r1" },
	{ 0x0807, "ED25519", NULL, false, true, true, NULL },
	{ 0x0804, "RSA", "SHA256", true, true, true, NULL },
	{ 0x0805, "RSA", "SHA384", true, true, true, NULL },
	{ 0x0806, "RSA", "SHA512", true, true, true, NULL },
	{ 0x0401, "RSA", "SHA256", false, true, false, NULL },
	{ 0x0501, "RSA", "SHA384", false, true, false, NULL },
	{ 0x0601, "RSA", "SHA512", false, true, false, NULL },
};

int
signing_pair(int line[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) == -1)
		return -1;
	signing_set_timeout(line[1], SIGNING_TIMEOUT_MS);
	return 0;
}

void
signing_set_timeout(int fd, unsigned ms)
{
	const struct timeval wait = clock_timeval(ms);

	/* Setting these options on a socket cannot fail. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

/* Receives an answer; sets its number and length. -1 with errno set. */
static int
receive_answer(int fd, uint32_t *number, unsigned char *out, int flags)
{
	unsigned char bytes[NUMBER_SIZE + SIGNING_SIGNATURE_MAX];
	ssize_t got;

	got = fdpass_receive_bytes(fd, bytes, sizeof bytes, flags);
	if (got == -1)
		return -1;
	if ((size_t)got < NUMBER_SIZE) {
		errno = EPIPE;
		return -1;
	}
	memcpy(number, bytes, NUMBER_SIZE);
	memcpy(out, bytes + NUMBER_SIZE, (size_t)got - NUMBER_SIZE);
	return (int)((size_t)got - NUMBER_SIZE);
}

/* Whether a message from the keys process arrived since it was down. */
static bool
is_back(struct signing_line *line, unsigned char *out)
{
	uint32_t number;

	return receive_answer(line->fd, &number, out, MSG_DONTWAIT) != -1;
}

static int
send_request(
    const struct signing_line *line, const struct signing_request *request)
{
	unsigned char bytes[REQUEST_MAX];
	size_t len = HEAD_SIZE + request->message.len;
	ssize_t sent;

	memcpy(bytes, &line->number, sizeof line->number);
	memcpy(bytes + 4, &request->key, sizeof request->key);
	memcpy(bytes + 6, &request->scheme, sizeof request->scheme);
	memcpy(bytes + HEAD_SIZE, request->message.at, request->message.len);
	do
		sent = send(line->fd, bytes, len, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent == (ssize_t)len ? 0 : -1;
}

int
signing_ask(struct signing_line *line, const struct signing_request *request,
    unsigned char *out)
{
	uint32_t number = 0;
	int len = 0, messages = 0;

	if (request->message.len > SIGNING_MESSAGE_MAX ||
	    (line->is_down && !is_back(line, out)))
		return -1;
	line->is_down = false;
	if (++line->number == 0)
		line->number = 1;
	do {
		/* A new keys process has lost the request: resend. */
		if (number == 0 && send_request(line, request) == -1)
			break;
		len = receive_answer(line->fd, &number, out, 0);
	} while (
	    len != -1 && number != line->number && ++messages < MESSAGES_MAX);
	line->is_down = len == -1 || number != line->number;
	return line->is_down || len == 0 ? -1 : len;
}

static const struct scheme *
find_scheme(const EVP_PKEY *key, uint16_t code)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (schemes[i].code == code)
			return EVP_PKEY_is_a(key, schemes[i].key) ? &schemes[i]
								  : NULL;
	return NULL;
}

/* RFC 8446, 4.4.3, with the hash of SHA-256 or SHA-384. */
static bool
is_certificate_verify(struct str message)
{
	static const char head[] =
	    "                                                                "
	    "TLS 1.3, server CertificateVerify";

	/* Includes the NUL that ends the context string. */
	return str_starts(message, (struct str){ head, sizeof head }) &&
	    (message.len == sizeof head + 32 ||
		message.len == sizeof head + 48);
}

/* RFC 8422, 5.4: a named curve and an uncompressed point on it. */
static bool
is_server_key_exchange(struct str message)
{
	struct str params;

	if (message.len < RANDOMS_SIZE)
		return false;
	params = str_tail(message, RANDOMS_SIZE);
	return (params.len == 4 + 32 &&
		   str_starts(params, STR("\x03\x00\x1d\x20"))) ||
	    (params.len == 5 + 64 &&
		str_starts(params, STR("\x03\x00\x17\x41\x04")));
}

static bool
fits_curve(const EVP_PKEY *key, const char *curve)
{
	char name[64];

	return curve == NULL ||
	    (EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
		strcmp(name, curve) == 0);
}

bool
signing_allows(const EVP_PKEY *key, uint16_t code, struct str message)
{
	const struct scheme *scheme = find_scheme(key, code);

	if (scheme == NULL)
		return false;
	/* TLS 1.2 has no such message: lengths differ. */
	if (is_certificate_verify(message))
		return scheme->has_1_3 && fits_curve(key, scheme->curve);
	return scheme->has_1_2 && is_server_key_exchange(message);
}

/* Sets the RSA padding (RFC 8446, 4.2.3). */
static bool
set_padding(EVP_PKEY_CTX *settings, const struct scheme *scheme)
{
	return !scheme->is_pss ||
	    (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) ==
		    1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(
		    settings, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/*
 * Verifies an RSA signature. Without memory OpenSSL 3.5 returns success and a
 * wrong RSA signature, which must not leave this process: it can reveal the key
 * (Boneh, DeMillo and Lipton, 1997).
 */
static bool
verifies(EVP_PKEY *key, const struct scheme *scheme, struct str message,
    struct str signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings;
	bool good = context != NULL &&
	    EVP_DigestVerifyInit_ex(context, &settings, scheme->digest, NULL,
		NULL, key, NULL) == 1 &&
	    set_padding(settings, scheme) &&
	    EVP_DigestVerify(context, (const unsigned char *)signature.at,
		signature.len, (const unsigned char *)message.at,
		message.len) == 1;

	EVP_MD_CTX_free(context);
	return good;
}

/* Returns the length of the signature, or 0 on failure. */
static size_t
sign(EVP_PKEY *key, uint16_t code, struct str message, unsigned char *out)
{
	const struct scheme *scheme = find_scheme(key, code);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings;
	size_t len = SIGNING_SIGNATURE_MAX;
	bool made = context != NULL && scheme != NULL &&
	    EVP_DigestSignInit_ex(context, &settings, scheme->digest, NULL,
		NULL, key, NULL) == 1 &&
	    set_padding(settings, scheme) &&
	    EVP_DigestSign(context, out, &len,
		(const unsigned char *)message.at, message.len) == 1;

	EVP_MD_CTX_free(context);
	/* Without memory OpenSSL 3.0 returns success and a length of -1. */
	made = made && len <= SIGNING_SIGNATURE_MAX &&
	    (!EVP_PKEY_is_a(key, "RSA") ||
		verifies(key, scheme, message,
		    (struct str){ (const char *)out, len }));
	if (!made)
		ERR_clear_error();
	return made ? len : 0;
}

int
signing_prepare(EVP_PKEY *key)
{
	unsigned char out[SIGNING_SIGNATURE_MAX];
	bool signs = false;

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (sign(key, schemes[i].code, STR("trial"), out) > 0)
			signs = true;
	return signs ? 0 : -1;
}

/* Receives a message; MSG_TRUNC gives the full length of a longer one. */
static ssize_t
receive_request(int fd, unsigned char at[REQUEST_MAX])
{
	return fdpass_receive_bytes(
	    fd, at, REQUEST_MAX, MSG_DONTWAIT | MSG_TRUNC);
}

/*
 * Receives the newest request: a worker waits for one answer at a time, and has
 * abandoned the earlier requests.
 */
static ssize_t
receive_newest(int fd, unsigned char at[REQUEST_MAX])
{
	unsigned char next[REQUEST_MAX];
	ssize_t got = receive_request(fd, at);

	for (int i = 0; got > 0 && i < STALE_MAX; i++) {
		ssize_t len = receive_request(fd, next);

		/* The next call reports an end or an error again. */
		if (len <= 0)
			break;
		got = len;
		memcpy(at, next,
		    (size_t)len < sizeof next ? (size_t)len : sizeof next);
	}
	return got;
}

int
signing_answer(int fd, EVP_PKEY *const *keys, size_t key_count)
{
	unsigned char request[REQUEST_MAX];
	unsigned char answer[NUMBER_SIZE + SIGNING_SIGNATURE_MAX];
	struct str message = { (const char *)request + HEAD_SIZE, 0 };
	uint16_t key, scheme;
	size_t len = 0;
	ssize_t got = receive_newest(fd, request);

	if (got <= 0)
		return (int)got;
	if ((size_t)got < HEAD_SIZE)
		return 1;
	memcpy(answer, request, NUMBER_SIZE);
	memcpy(&key, request + 4, sizeof key);
	memcpy(&scheme, request + 6, sizeof scheme);
	message.len = (size_t)got - HEAD_SIZE;
	if (message.len <= SIGNING_MESSAGE_MAX && key < key_count &&
	    keys[key] != NULL && signing_allows(keys[key], scheme, message))
		len = sign(keys[key], scheme, message, answer + NUMBER_SIZE);
	/* Never wait for a worker: drop an answer that it does not read. */
	(void)send(fd, answer, NUMBER_SIZE + len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return 1;
}

void
signing_greet(int fd)
{
	static const uint32_t number;

	(void)send(fd, &number, sizeof number, MSG_DONTWAIT | MSG_NOSIGNAL);
}
