/*
 * Creates the two files of a certificate pair. Neither a crash nor another
 * process that starts at the same time can leave a mismatched pair.
 */
#include "sys/certmake.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/selfsigned.h"

#define ASIDE_MAX (CERTFILES_NAME_MAX + 16)
#define LOCK_TRIES 1000

void
certmake_lock(const struct certfiles *files)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	/*
	 * Do not block in flock(2): any user that may open the directory can
	 * hold the lock for ever.
	 */
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(files->fd, LOCK_EX | LOCK_NB) == 0 ||
		    errno != EWOULDBLOCK)
			return;
		nanosleep(&pause, NULL);
	}
}

/* Writes and syncs either the key or the certificate; the other is NULL. */
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

/* On FAT all files have the mode of the mount, not the requested one. */
static int
check_mode(struct certfiles *files, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || (st.st_mode & 077) == 0)
		return 0;
	return certfiles_fail(files, files->key_name,
	    "this file system keeps no modes, so others could read the key; "
	    "mount it with umask=077, or name another directory with -C");
}

#define CURE "make the directory writable, or name another with -C"

/* Writes the file under a temporary name and sets `aside` to that name. */
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
		return certfiles_fail_errno(files, name, CURE);
	}
	if (key != NULL && check_mode(files, fd) == -1) {
		close(fd);
		return -1;
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
 * Renames a finished file unless its final name exists. FAT has no link(2) and
 * Android forbids it: there an empty file reserves the name, and rename(2)
 * replaces that file at once.
 */
static int
name_file(const struct certfiles *files, const char *aside, const char *name)
{
	int fd, error;

	if (linkat(files->fd, aside, files->fd, name, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	fd = openat(
	    files->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	close(fd);
	if (renameat(files->fd, aside, files->fd, name) == 0)
		return 0;
	error = errno;
	unlinkat(files->fd, name, 0);
	errno = error;
	return -1;
}

static int
name_or_fail(struct certfiles *files, const char *aside, const char *name)
{
	if (name_file(files, aside, name) == 0)
		return 0;
	return certfiles_fail_errno(files, name,
	    errno == EEXIST ? "start again if another capsuled has just made "
			      "it, otherwise move it away"
			    : CURE);
}

/* Write the key first: clients must not trust a certificate without key. */
static int
name_pair(
    struct certfiles *files, const char *cert_aside, const char *key_aside)
{
	if (name_or_fail(files, key_aside, files->key_name) == -1)
		return -1;
	if (name_or_fail(files, cert_aside, files->cert_name) == -1) {
		unlinkat(files->fd, files->key_name, 0);
		return -1;
	}
	/* Some file systems cannot sync a directory. */
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
		result = name_pair(files, cert_aside, key_aside);
	if (cert_aside[0] != '\0')
		unlinkat(files->fd, cert_aside, 0);
	if (key_aside[0] != '\0')
		unlinkat(files->fd, key_aside, 0);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return result;
}
