/*
 * Ed25519 by OpenSSL.  Knows keys in files; knows nothing of what is signed.
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

/* Where a message goes, and the file that it is about. */
struct job {
	const char *path;
	char *error;
	size_t error_size;
};

static int
fail(const struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);

static int
fail(const struct job *job, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	snprintf(job->error, job->error_size, "%s: %s", job->path, what);
	ERR_clear_error();
	return -1;
}

/* Making. */

/* A new file, all of it on the disk, or none. */
static int
write_key(const struct job *job, mode_t mode, EVP_PKEY *key, bool is_private)
{
	int fd = open(job->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd != -1 ? fdopen(fd, "w") : NULL;
	bool good;

	if (file == NULL)
		return fail(job, "cannot be made: %s%s", strerror(errno),
		    errno == EEXIST ? "; a key is never written over" : "");
	good = is_private
	    ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1
	    : PEM_write_PUBKEY(file, key) == 1;
	good = good && fflush(file) == 0 && fsync(fd) == 0;
	if (fclose(file) == EOF || !good) {
		(void)unlink(job->path);
		return fail(job, "cannot be written: %s", strerror(errno));
	}
	return 0;
}

int
signature_make_key(const char *path, char *error, size_t error_size)
{
	struct job job = { path, error, error_size };
	char public[PATH_MAX];
	struct job public_job = { public, error, error_size };
	EVP_PKEY *key;
	int result;

	if ((size_t)snprintf(public, sizeof public, "%s.pub", path) >=
	    sizeof public)
		return fail(&job, "the name is too long");
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (key == NULL)
		return fail(&job, "no key could be made");
	result = write_key(&job, 0600, key, true);
	if (result == 0) {
		result = write_key(&public_job, 0644, key, false);
		if (result == -1)
			(void)unlink(path);
	}
	EVP_PKEY_free(key);
	return result;
}

/* Use. */

static EVP_PKEY *
checked(const struct job *job, EVP_PKEY *key, const char *what)
{
	if (key == NULL) {
		(void)fail(job, "is no %s key in PEM", what);
	} else if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
		(void)fail(job, "is a key of another kind than Ed25519");
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static EVP_PKEY *
read_private(const struct job *job)
{
	FILE *file = fopen(job->path, "re");
	EVP_PKEY *key;
	struct stat st;

	if (file == NULL) {
		(void)fail(job, "%s%s", strerror(errno),
		    errno == ENOENT ? "; make one with --new" : "");
		return NULL;
	}
	if (fstat(fileno(file), &st) == -1 || (st.st_mode & 077) != 0) {
		fclose(file);
		(void)fail(job, "others can read it; chmod 600 it");
		return NULL;
	}
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	return checked(job, key, "private");
}

static EVP_PKEY *
read_public(const struct job *job)
{
	FILE *file = fopen(job->path, "re");
	EVP_PKEY *key;

	if (file == NULL) {
		(void)fail(job, "%s", strerror(errno));
		return NULL;
	}
	key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	return checked(job, key, "public");
}

int
signature_sign(const char *path, struct str text,
    unsigned char out[SIGNATURE_SIZE], char *error, size_t error_size)
{
	struct job job = { path, error, error_size };
	EVP_PKEY *key = read_private(&job);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = SIGNATURE_SIZE;
	int result = key != NULL ? 0 : -1;

	if (key != NULL &&
	    (context == NULL ||
		EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
		EVP_DigestSign(context, out, &len,
		    (const unsigned char *)text.at, text.len) != 1 ||
		len != SIGNATURE_SIZE))
		result = fail(&job, "cannot sign with it");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return result;
}

int
signature_check(const char *path, struct str text, struct str signature,
    char *error, size_t error_size)
{
	struct job job = { path, error, error_size };
	EVP_PKEY *key = read_public(&job);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int result = -1;

	if (key != NULL &&
	    (context == NULL ||
		EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1))
		result = fail(&job, "cannot be used");
	else if (key != NULL)
		result = EVP_DigestVerify(context,
			     (const unsigned char *)signature.at, signature.len,
			     (const unsigned char *)text.at, text.len) == 1;
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return result;
}
