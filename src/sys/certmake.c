/* Makes the two files of a pair, so that a crash leaves no wrong one. */
#include "sys/certmake.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/selfsigned.h"

#define ASIDE_MAX (CERTFILES_NAME_MAX + 16)

/* A new file, on the disk when this returns; exactly one is not NULL. */
static int
write_pem(int fd, EVP_PKEY *key, X509 *leaf)
{
	BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
	int written;

	if (bio == NULL)
		return -1;
	written = key != NULL
	    ? PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
	    : PEM_write_bio_X509(bio, leaf);
	BIO_free(bio);
	return written == 1 ? fsync(fd) : -1;
}

/* Writes it beside its place, under the name `aside`, which is filled in. */
static int
write_aside(
    struct certfiles *files, char aside[ASIDE_MAX], EVP_PKEY *key, X509 *leaf)
{
	const char *name = key != NULL ? files->key_name : files->cert_name;
	unsigned char noise[6];
	int fd, result;

	if (RAND_bytes(noise, sizeof noise) != 1)
		return certfiles_fail_openssl(files, "no random numbers");
	snprintf(aside, ASIDE_MAX, "%s.%02x%02x%02x%02x%02x%02x", name,
	    noise[0], noise[1], noise[2], noise[3], noise[4], noise[5]);
	fd = openat(files->fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    key != NULL ? 0600 : 0644);
	if (fd == -1) {
		aside[0] = '\0';
		return certfiles_fail_errno(
		    files, name, "let it be written here");
	}
	errno = 0;
	result = write_pem(fd, key, leaf);
	if (close(fd) == -1)
		result = -1;
	if (errno == 0)
		errno = EIO;
	if (result == -1)
		return certfiles_fail_errno(files, name, "make room for it");
	return 0;
}

/*
 * Both files get their names by link(2), which never replaces one.  The key
 * comes first: no client should trust a certificate without one.
 */
static int
place_pair(
    struct certfiles *files, const char *cert_aside, const char *key_aside)
{
	if (linkat(files->fd, key_aside, files->fd, files->key_name, 0) == -1)
		return certfiles_fail_errno(
		    files, files->key_name, "move what is there");
	if (linkat(files->fd, cert_aside, files->fd, files->cert_name, 0) ==
	    -1) {
		certfiles_fail_errno(
		    files, files->cert_name, "move what is there");
		unlinkat(files->fd, files->key_name, 0);
		return -1;
	}
	/* Some file systems cannot for a directory. */
	if (fsync(files->fd) == -1 && errno != EINVAL)
		return certfiles_fail_errno(files, "", "check the disk");
	return 0;
}

int
certmake_pair(struct certfiles *files, const struct str *names, size_t count)
{
	X509 *leaf;
	EVP_PKEY *key;
	char cert_aside[ASIDE_MAX] = "", key_aside[ASIDE_MAX] = "";
	int result = -1;

	if (selfsigned_make(names, count, &leaf, &key) == -1)
		return certfiles_fail_openssl(files, "cannot be made");
	if (write_aside(files, key_aside, key, NULL) == 0 &&
	    write_aside(files, cert_aside, NULL, leaf) == 0)
		result = place_pair(files, cert_aside, key_aside);
	if (cert_aside[0] != '\0')
		unlinkat(files->fd, cert_aside, 0);
	if (key_aside[0] != '\0')
		unlinkat(files->fd, key_aside, 0);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return result;
}
