/* The certificate that a client shows, by OpenSSL. */
#include "sys/tlsidentity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

static int
failed(struct tlsidentity *identity, const char *path, const char *what)
{
	ERR_clear_error();
	snprintf(
	    identity->error, sizeof identity->error, "%.300s: %s", path, what);
	return -1;
}

/* Opens a regular file; NULL with `error` set. */
static FILE *
open_file(struct tlsidentity *identity, const char *path, struct stat *st)
{
	FILE *file;

	/* Opening a FIFO would block. */
	if (stat(path, st) == -1) {
		(void)failed(identity, path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st->st_mode)) {
		(void)failed(identity, path, "not a regular file");
		return NULL;
	}
	file = fopen(path, "re");
	if (file == NULL)
		(void)failed(identity, path, strerror(errno));
	return file;
}

static int
take_fingerprint(struct tlsidentity *identity, const X509 *certificate)
{
	unsigned char hash[IDENTITY_SIZE];
	unsigned int size = sizeof hash;

	if (X509_digest(certificate, EVP_sha256(), hash, &size) != 1)
		return -1;
	identity_format(hash, identity->fingerprint);
	return 0;
}

static int
use_certificate(struct tlsidentity *identity, SSL_CTX *context)
{
	struct stat st;
	FILE *file = open_file(identity, identity->certificate, &st);

	if (file == NULL)
		return -1;
	fclose(file);
	if (SSL_CTX_use_certificate_chain_file(
		context, identity->certificate) != 1 ||
	    take_fingerprint(identity, SSL_CTX_get0_certificate(context)) == -1)
		return failed(identity, identity->certificate,
		    "not a certificate in PEM that can be used; name another "
		    "file");
	return 0;
}

/* OpenSSL would ask for a passphrase on the terminal. */
static int
refuse_passphrase(char *out, int size, int writes, void *asked)
{
	(void)out;
	(void)size;
	(void)writes;
	*(bool *)asked = true;
	return -1;
}

static int
use_key(struct tlsidentity *identity, SSL_CTX *context)
{
	const char *path = identity->key;
	struct stat st;
	FILE *file = open_file(identity, path, &st);
	bool is_encrypted = false;
	EVP_PKEY *key;
	int result;

	if (file == NULL)
		return -1;
	key = PEM_read_PrivateKey(file, NULL, refuse_passphrase, &is_encrypted);
	fclose(file);
	if (key == NULL)
		return failed(identity, path,
		    is_encrypted ? "the key has a passphrase; make a copy "
				   "without one by openssl pkey -in FILE -out "
				   "COPY, and name the copy"
				 : "no private key in PEM; name the file of "
				   "the key");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		EVP_PKEY_free(key);
		return failed(identity, path,
		    "others may read the key; take their rights away with "
		    "chmod 600");
	}
	result = SSL_CTX_use_PrivateKey(context, key);
	EVP_PKEY_free(key);
	if (result != 1)
		return failed(identity, path,
		    "not the key of the certificate; name the key that "
		    "belongs to the certificate");
	return 0;
}

int
tlsidentity_use(struct tlsidentity *identity, SSL_CTX *context)
{
	identity->error[0] = '\0';
	if (use_certificate(identity, context) == -1)
		return -1;
	return use_key(identity, context);
}
