/*
 * The key schedule of TLS 1.3 as a provider of OpenSSL's.  Knows HKDF and how
 * libssl asks for it; knows nothing of connections, and keeps no secret.
 */
#include "sys/keyschedule.h"

#include <stdbool.h>
#include <string.h>

/* Hashing without a context that is looked up and allocated is the point. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <openssl/sha.h>

#include "text/buf.h"
#include "text/str.h"

#define NAME "capsuled"
#define HASH SHA256_DIGEST_LENGTH
#define HASH_OF_NOTHING \
	"\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24" \
	"\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55"

/* What a derivation is asked for with, in the order of libssl. */
enum {
	MODE,
	DIGEST,
	KEY,
	SALT,
	PREFIX,
	LABEL,
	DATA,
	FIELDS
};

static const struct {
	const char *name;
	unsigned int type;
} fields[FIELDS] = {
	[MODE] = { OSSL_KDF_PARAM_MODE, OSSL_PARAM_INTEGER },
	[DIGEST] = { OSSL_KDF_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING },
	[KEY] = { OSSL_KDF_PARAM_KEY, OSSL_PARAM_OCTET_STRING },
	[SALT] = { OSSL_KDF_PARAM_SALT, OSSL_PARAM_OCTET_STRING },
	[PREFIX] = { OSSL_KDF_PARAM_PREFIX, OSSL_PARAM_OCTET_STRING },
	[LABEL] = { OSSL_KDF_PARAM_LABEL, OSSL_PARAM_OCTET_STRING },
	[DATA] = { OSSL_KDF_PARAM_DATA, OSSL_PARAM_OCTET_STRING },
};

/* False for anything unknown, empty, given twice or in another order. */
static bool
read_fields(const OSSL_PARAM *given, struct str asked[FIELDS])
{
	size_t i = 0;

	for (; given != NULL && given->key != NULL; given++, i++) {
		while (i < FIELDS && strcmp(given->key, fields[i].name) != 0)
			i++;
		if (i == FIELDS || given->data_type != fields[i].type ||
		    given->data == NULL || given->data_size == 0)
			return false;
		asked[i] = (struct str){ given->data, given->data_size };
	}
	return true;
}

/* HMAC-SHA-256 (RFC 2104); each key of the key schedule is one hash long. */
static void
hmac(const char key[HASH], struct str text, unsigned char out[HASH])
{
	unsigned char pad[SHA256_CBLOCK] = { 0 };
	SHA256_CTX context;

	memcpy(pad, key, HASH);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	SHA256_Init(&context);
	SHA256_Update(&context, pad, sizeof pad);
	SHA256_Update(&context, text.at, text.len);
	SHA256_Final(out, &context);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&context);
	SHA256_Update(&context, pad, sizeof pad);
	SHA256_Update(&context, out, HASH);
	SHA256_Final(out, &context);
	OPENSSL_cleanse(pad, sizeof pad);
	OPENSSL_cleanse(&context, sizeof context);
}

/*
 * HKDF-Expand-Label (RFC 8446, 7.1), of which one block is enough: T(1) of
 * RFC 5869, 2.3.  What TLS itself asks for has at most 55 bytes, which SHA-256
 * pads to a block of its own; longer is some exporter's label.
 */
static bool
expand(const struct str asked[FIELDS], unsigned char *out, size_t len)
{
	char info[SHA256_CBLOCK - 9];
	unsigned char block[HASH];
	struct buf buf = buf_over(info, sizeof info);

	if (asked[KEY].len != HASH || len > HASH)
		return false;
	buf_char(&buf, 0);
	buf_char(&buf, (char)len);
	buf_char(&buf, (char)(asked[PREFIX].len + asked[LABEL].len));
	buf_add(&buf, asked[PREFIX]);
	buf_add(&buf, asked[LABEL]);
	buf_char(&buf, (char)asked[DATA].len);
	buf_add(&buf, asked[DATA]);
	buf_char(&buf, 1);
	if (buf.overflow)
		return false;
	hmac(asked[KEY].at, buf_str(&buf), block);
	memcpy(out, block, len);
	OPENSSL_cleanse(block, sizeof block);
	return true;
}

/*
 * One step down the middle of RFC 8446's picture: the secret so far, if there
 * is one, through Derive-Secret(., "derived", ""), then HKDF-Extract.
 */
static bool
extract(const struct str asked[FIELDS], unsigned char *out, size_t len)
{
	static const char zeros[HASH];
	unsigned char salt[HASH] = { 0 };
	struct str secret = asked[KEY];
	struct str derived[FIELDS] = {
		[KEY] = asked[SALT],
		[PREFIX] = asked[PREFIX],
		[LABEL] = asked[LABEL],
		[DATA] = STR(HASH_OF_NOTHING),
	};

	if (len != HASH ||
	    (asked[SALT].len > 0 && !expand(derived, salt, sizeof salt)))
		return false;
	if (secret.len == 0)
		secret = (struct str){ zeros, sizeof zeros };
	hmac((const char *)salt, secret, out);
	OPENSSL_cleanse(salt, sizeof salt);
	return true;
}

/* Whether it was asked as libssl asks, and answered. */
static bool
answer(const OSSL_PARAM *given, unsigned char *out, size_t len)
{
	struct str asked[FIELDS] = { { NULL, 0 } };
	int mode = -1;

	if (!read_fields(given, asked) || asked[MODE].len != sizeof mode ||
	    !str_equals(asked[DIGEST], STR(OSSL_DIGEST_NAME_SHA2_256)))
		return false;
	memcpy(&mode, asked[MODE].at, sizeof mode);
	if (mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY)
		return expand(asked, out, len);
	return mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY &&
	    extract(asked, out, len);
}

/* What OpenSSL's own provider makes of it. */
static int
hand_on(const OSSL_PARAM *given, unsigned char *out, size_t len)
{
	EVP_KDF *method =
	    EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, "provider!=" NAME);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(method);
	int result =
	    context == NULL ? 0 : EVP_KDF_derive(context, out, len, given);

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(method);
	return result;
}

static int
kdf_derive(
    void *context, unsigned char *out, size_t len, const OSSL_PARAM given[])
{
	(void)context;
	return answer(given, out, len) || hand_on(given, out, len) == 1;
}

/* Nothing is kept from call to call, but OpenSSL wants a pointer to it. */
static void *
kdf_new(void *provider)
{
	return provider;
}

static void
kdf_free(void *context)
{
	(void)context;
}

static const OSSL_ALGORITHM *
provider_query(void *provider, int operation, int *no_cache)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_KDF_NEWCTX, (void (*)(void))kdf_new },
		{ OSSL_FUNC_KDF_FREECTX, (void (*)(void))kdf_free },
		{ OSSL_FUNC_KDF_DERIVE, (void (*)(void))kdf_derive },
		{ 0, NULL },
	};
	static const OSSL_ALGORITHM algorithms[] = {
		{ OSSL_KDF_NAME_TLS1_3_KDF, "provider=" NAME, functions, NULL },
		{ NULL, NULL, NULL, NULL },
	};

	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KDF ? algorithms : NULL;
}

static int
provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *offered,
    const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION,
		    (void (*)(void))provider_query },
		{ 0, NULL },
	};
	static char nothing;

	(void)core;
	(void)offered;
	*out = functions;
	*provider = &nothing;
	return 1;
}

const char *
keyschedule_load(void)
{
	/* As global as OpenSSL's list of providers, which ends after us. */
	static OSSL_PROVIDER *loaded;

	/* 1: OpenSSL's own stays; the first to be loaded would replace it. */
	if (loaded == NULL &&
	    OSSL_PROVIDER_add_builtin(NULL, NAME, provider_init) == 1)
		loaded = OSSL_PROVIDER_try_load(NULL, NAME, 1);
	return loaded != NULL ? "?provider=" NAME : NULL;
}
