/*
 * Writes the files of a certificate pair, so that each is complete at every
 * moment, and the key is never readable by others.
 */
#include "sys/certwrite.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/sink.h"

#define CURE \
	"make the directory writable, or name another with the key certs or " \
	"-C"

/* On FAT all files have the mode of the mount, not the requested one. */
static int
check_mode(struct certfiles *files, const struct certwrite *file, int fd)
{
	struct stat st;

	if (!file->is_key || fstat(fd, &st) == -1 || (st.st_mode & 077) == 0)
		return 0;
	return certfiles_fail(files, file->name,
	    "this file system keeps no modes, so others could read the key; "
	    "mount it with umask=077, or name another directory with the key "
	    "certs or -C");
}

/* Gives the empty file the owner, group and mode of another. */
static int
set_owner(struct certfiles *files, const struct certwrite *file, int fd)
{
	const struct stat *like = file->like;
	struct stat st;

	if (like == NULL)
		return 0;
	if (fstat(fd, &st) == -1 ||
	    ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
		fchown(fd, like->st_uid, like->st_gid) == -1) ||
	    fchmod(fd, like->st_mode & (file->is_key ? 0640 : 0644)) == -1)
		return certfiles_fail_errno(files, file->name,
		    "run this command as root, or as the owner of the pair");
	return 0;
}

static int
write_all(int fd, struct str text)
{
	struct sink_file file = { { sink_file_write }, fd };

	return sink_file_write(&file.sink, text) == -1 ? -1 : fsync(fd);
}

static int
open_aside(struct certfiles *files, struct certwrite *file)
{
	unsigned char noise[6];
	int fd;

	file->aside[0] = '\0';
	if (RAND_bytes(noise, sizeof noise) != 1)
		return certfiles_fail_openssl(files, "no random numbers");
	snprintf(file->aside, sizeof file->aside, "%s.%02x%02x%02x%02x%02x%02x",
	    file->name, noise[0], noise[1], noise[2], noise[3], noise[4],
	    noise[5]);
	fd = openat(files->fd, file->aside,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    file->is_key ? 0600 : 0644);
	if (fd != -1)
		return fd;
	file->aside[0] = '\0';
	return certfiles_fail_errno(files, file->name, CURE);
}

int
certwrite_text(struct certfiles *files, struct certwrite *file, struct str text)
{
	int fd = open_aside(files, file);
	int result;

	if (fd == -1)
		return -1;
	if (check_mode(files, file, fd) == -1 ||
	    set_owner(files, file, fd) == -1) {
		close(fd);
		return -1;
	}
	result = write_all(fd, text);
	if (result == -1)
		certfiles_fail_errno(files, file->name, "make room for it");
	if (close(fd) == -1 && result == 0)
		result =
		    certfiles_fail_errno(files, file->name, "make room for it");
	return result;
}

/* Writes the content of `pem` and frees it; NULL means no memory. */
static int
write_pem(
    struct certfiles *files, struct certwrite *file, BIO *pem, bool is_good)
{
	const char *at;
	long len = is_good ? BIO_get_mem_data(pem, &at) : 0;
	int result = len > 0
	    ? certwrite_text(files, file, (struct str){ at, (size_t)len })
	    : certfiles_fail_openssl(files, "cannot be made");

	BIO_free(pem);
	return result;
}

int
certwrite_key(struct certfiles *files, struct certwrite *file, EVP_PKEY *key)
{
	BIO *pem = BIO_new(BIO_s_secmem());

	return write_pem(files, file, pem,
	    pem != NULL &&
		PEM_write_bio_PKCS8PrivateKey(
		    pem, key, NULL, NULL, 0, NULL, NULL) == 1);
}

int
certwrite_cert(
    struct certfiles *files, struct certwrite *file, X509 *leaf, X509 *issuer)
{
	BIO *pem = BIO_new(BIO_s_mem());

	return write_pem(files, file, pem,
	    pem != NULL &&
		(file->note == NULL ||
		    BIO_printf(pem, "%s\n", file->note) > 0) &&
		PEM_write_bio_X509(pem, leaf) == 1 &&
		(issuer == NULL || PEM_write_bio_X509(pem, issuer) == 1));
}

/*
 * FAT has no link(2) and Android forbids it: there an empty file reserves the
 * name, and rename(2) replaces that file at once.
 */
static int
name_file(const struct certfiles *files, const struct certwrite *file)
{
	int fd, error;

	if (linkat(files->fd, file->aside, files->fd, file->name, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	fd = openat(files->fd, file->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	close(fd);
	if (renameat(files->fd, file->aside, files->fd, file->name) == 0)
		return 0;
	error = errno;
	unlinkat(files->fd, file->name, 0);
	errno = error;
	return -1;
}

int
certwrite_name(struct certfiles *files, struct certwrite *file)
{
	int error;

	if (name_file(files, file) == 0)
		return 0;
	error = errno;
	certfiles_fail_errno(files, file->name,
	    errno == EEXIST ? "start again if another capsuled has just made "
			      "it, otherwise move it away"
			    : CURE);
	errno = error;
	return -1;
}

int
certwrite_replace(struct certfiles *files, struct certwrite *file)
{
	if (renameat(files->fd, file->aside, files->fd, file->name) == 0) {
		file->aside[0] = '\0';
		return 0;
	}
	return certfiles_fail_errno(files, file->name, CURE);
}

void
certwrite_release(struct certfiles *files, struct certwrite *file)
{
	if (file->aside[0] != '\0')
		unlinkat(files->fd, file->aside, 0);
	file->aside[0] = '\0';
}

int
certwrite_sync(struct certfiles *files)
{
	if (fsync(files->fd) == -1 && errno != EINVAL)
		return certfiles_fail_errno(files, "", "check the disk");
	return 0;
}
