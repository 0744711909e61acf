/*
 * Ed25519 signatures by OpenSSL, with keys in PEM files.
 */
#include "sys/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static int
fail(struct signature_key *key, const char *format, ...) PRINTF_LIKE(2, 3);

static int
fail(struct signature_key *key, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	snprintf(key->error, sizeof key->error, "%.700s: %s", key->path, what);
	ERR_clear_error();
	return -1;
}

/* Key generation. */

/* Advice for the user, from errno. */
static const char *
remedy(void)
{
	if (errno == EEXIST)
		return "a key is never written over: name another file, or "
		       "sign with this key, without --new";
	if (errno == ENOENT || errno == ENOTDIR)
		return "make its folder first";
	return "name a file that you may create";
}

/*
 * Creates a file with the private key for mode 0600, else with the public key,
 * and syncs it to the disk. Leaves no partial file.
 */
static int
write_key(struct signature_key *key, mode_t mode, EVP_PKEY *pair)
{
	int fd = open(key->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd != -1 ? fdopen(fd, "w") : NULL;
	bool good;

	if (file == NULL)
		return fail(
		    key, "cannot be made: %s; %s", strerror(errno), remedy());
	good = mode == 0600
	    ? PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL) == 1
	    : PEM_write_PUBKEY(file, pair) == 1;
	good = good && fflush(file) == 0 && fsync(fd) == 0;
	if (fclose(file) == EOF || !good) {
		(void)unlink(key->path);
		return fail(key, "cannot be written: %s", strerror(errno));
	}
	return 0;
}

int
signature_make_key(struct signature_key *key)
{
	char public_path[PATH_MAX];
	struct signature_key public_key = { .path = public_path };
	EVP_PKEY *pair;
	int result;

	if ((size_t)snprintf(public_path, sizeof public_path, "%s.pub",
		key->path) >= sizeof public_path)
		return fail(key, "the name is too long");
	pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (pair == NULL)
		return fail(key, "no key could be made");
	result = write_key(key, 0600, pair);
	if (result == 0) {
		result = write_key(&public_key, 0644, pair);
		if (result == -1) {
			(void)unlink(key->path);
			memcpy(key->error, public_key.error, sizeof key->error);
		}
	}
	EVP_PKEY_free(pair);
	return result;
}

/* Signing and verification. */

static EVP_PKEY *
checked(struct signature_key *key, EVP_PKEY *read, const char *what)
{
	if (read == NULL) {
		(void)fail(key, "is no %s key in PEM", what);
	} else if (EVP_PKEY_get_id(read) != EVP_PKEY_ED25519) {
		(void)fail(key,
		    "is a key of another kind than Ed25519; name one that "
		    "sign --new has made");
		EVP_PKEY_free(read);
		read = NULL;
	}
	return read;
}

static EVP_PKEY *
read_private(struct signature_key *key)
{
	FILE *file = fopen(key->path, "re");
	EVP_PKEY *read;
	struct stat st;

	if (file == NULL) {
		(void)fail(key, "%s%s", strerror(errno),
		    errno == ENOENT ? "; make one with --new" : "");
		return NULL;
	}
	if (fstat(fileno(file), &st) == -1 || (st.st_mode & 077) != 0) {
		fclose(file);
		(void)fail(key, "others can read it; chmod 600 it");
		return NULL;
	}
	read = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	return checked(key, read, "private");
}

static EVP_PKEY *
read_public(struct signature_key *key)
{
	FILE *file = fopen(key->path, "re");
	EVP_PKEY *read;

	if (file == NULL) {
		(void)fail(key, "%s", strerror(errno));
		return NULL;
	}
	read = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	return checked(key, read, "public");
}

int
signature_sign(struct signature_key *key, struct str text,
    unsigned char out[SIGNATURE_SIZE])
{
	EVP_PKEY *read = read_private(key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = SIGNATURE_SIZE;
	int result = read != NULL ? 0 : -1;

	if (read != NULL &&
	    (context == NULL ||
		EVP_DigestSignInit(context, NULL, NULL, NULL, read) != 1 ||
		EVP_DigestSign(context, out, &len,
		    (const unsigned char *)text.at, text.len) != 1 ||
		len != SIGNATURE_SIZE))
		result = fail(key, "cannot sign with it");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(read);
	return result;
}

int
signature_find(struct signature_key *key)
{
	EVP_PKEY *read = read_public(key);
	int result = read != NULL ? 0 : -1;

	EVP_PKEY_free(read);
	return result;
}

int
signature_check(
    struct signature_key *key, struct str text, struct str signature)
{
	EVP_PKEY *read = read_public(key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int result = -1;

	if (read != NULL &&
	    (context == NULL ||
		EVP_DigestVerifyInit(context, NULL, NULL, NULL, read) != 1))
		result = fail(key, "cannot be used");
	else if (read != NULL)
		result = EVP_DigestVerify(context,
			     (const unsigned char *)signature.at, signature.len,
			     (const unsigned char *)text.at, text.len) == 1;
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(read);
	return result;
}
