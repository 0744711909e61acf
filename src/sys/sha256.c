/*
 * SHA-256 of bytes and files, by OpenSSL.
 */
#include "sys/sha256.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

/* Some milliseconds of hashing. */
#define PAUSE_BYTES ((uint64_t)4 << 20)

struct sha256 {
	EVP_MD *method; /* fetched once: a fetch costs more than a hash */
	EVP_MD_CTX *context;
	bool failed;
};

struct sha256 *
sha256_new(void)
{
	struct sha256 *sha256 = calloc(1, sizeof *sha256);

	if (sha256 == NULL)
		return NULL;
	sha256->method = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha256->context = EVP_MD_CTX_new();
	if (sha256->method == NULL || sha256->context == NULL ||
	    EVP_DigestInit_ex2(sha256->context, sha256->method, NULL) != 1) {
		sha256_free(sha256);
		return NULL;
	}
	return sha256;
}

void
sha256_free(struct sha256 *sha256)
{
	if (sha256 == NULL)
		return;
	EVP_MD_CTX_free(sha256->context);
	EVP_MD_free(sha256->method);
	free(sha256);
}

void
sha256_add(struct sha256 *sha256, struct str bytes)
{
	if (EVP_DigestUpdate(sha256->context, bytes.at, bytes.len) != 1)
		sha256->failed = true;
}

int
sha256_end(struct sha256 *sha256, unsigned char out[SHA256_SIZE])
{
	bool failed = sha256->failed ||
	    EVP_DigestFinal_ex(sha256->context, out, NULL) != 1;

	sha256->failed =
	    EVP_DigestInit_ex2(sha256->context, sha256->method, NULL) != 1;
	return failed ? -1 : 0;
}

int
sha256_of(struct str bytes, unsigned char out[SHA256_SIZE])
{
	return EVP_Digest(bytes.at, bytes.len, out, NULL, EVP_sha256(), NULL) ==
		1
	    ? 0
	    : -1;
}

/* Adds a file; returns 0, or the errno of the failure. */
static int
add_file(struct sha256 *sha256, int fd, uint64_t *size,
    const struct sha256_pause *pause)
{
	uint64_t unpaused = 0;
	char bytes[32768];
	ssize_t got;

	*size = 0;
	while ((got = pread(fd, bytes, sizeof bytes, (off_t)*size)) > 0) {
		sha256_add(sha256, (struct str){ bytes, (size_t)got });
		*size += (uint64_t)got;
		unpaused += (uint64_t)got;
		if (pause == NULL || unpaused < PAUSE_BYTES)
			continue;
		unpaused = 0;
		if (pause->call(pause->context) == -1)
			return errno;
	}
	return got == -1 ? errno : 0;
}

int
sha256_file(int fd, unsigned char out[SHA256_SIZE], uint64_t *size,
    const struct sha256_pause *pause)
{
	struct sha256 *sha256 = sha256_new();
	int error;

	if (sha256 == NULL) {
		errno = ENOMEM;
		return -1;
	}
	error = add_file(sha256, fd, size, pause);
	if (error == 0 && sha256_end(sha256, out) == -1)
		error = EIO;
	sha256_free(sha256);
	errno = error;
	return error == 0 ? 0 : -1;
}

void
sha256_base64(const unsigned char hash[SHA256_SIZE], char out[SHA256_BASE64])
{
	unsigned char text[SHA256_BASE64];

	EVP_EncodeBlock(text, hash, SHA256_SIZE);
	memcpy(out, text, sizeof text);
}
