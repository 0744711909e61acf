/*
 * A keyed hash: SipHash, by OpenSSL.
 */
#include "sys/hash.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

struct hash {
	EVP_MAC *method;
	EVP_MAC_CTX *context;
	unsigned char key[HASH_KEY_SIZE];
};

struct hash *
hash_new(void)
{
	struct hash *hash = calloc(1, sizeof *hash);
	size_t size = sizeof(uint64_t);
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};

	if (hash == NULL)
		return NULL;
	hash->method = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	if (hash->method != NULL)
		hash->context = EVP_MAC_CTX_new(hash->method);
	if (hash->context == NULL || hash_make_key(hash->key) == -1 ||
	    EVP_MAC_init(
		hash->context, hash->key, sizeof hash->key, parameters) != 1) {
		hash_free(hash);
		return NULL;
	}
	return hash;
}

void
hash_free(struct hash *hash)
{
	if (hash == NULL)
		return;
	EVP_MAC_CTX_free(hash->context);
	EVP_MAC_free(hash->method);
	free(hash);
}

int
hash_make_key(unsigned char key[HASH_KEY_SIZE])
{
	return RAND_bytes(key, HASH_KEY_SIZE) == 1 ? 0 : -1;
}

uint64_t
hash_of(struct hash *hash, struct str bytes)
{
	return hash_with(hash, hash->key, bytes);
}

uint64_t
hash_with(
    struct hash *hash, const unsigned char key[HASH_KEY_SIZE], struct str bytes)
{
	unsigned char out[sizeof(uint64_t)];
	uint64_t value;
	size_t len;

	if (EVP_MAC_init(hash->context, key, HASH_KEY_SIZE, NULL) != 1 ||
	    EVP_MAC_update(hash->context, (const unsigned char *)bytes.at,
		bytes.len) != 1 ||
	    EVP_MAC_final(hash->context, out, &len, sizeof out) != 1 ||
	    len != sizeof out)
		return 0;
	memcpy(&value, out, sizeof value);
	return value;
}
