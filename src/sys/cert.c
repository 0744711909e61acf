/*
 * The certificate and key of a capsule.  Knows X.509, PEM, and how to put
 * two files down so that a crash leaves no wrong pair; knows nothing of
 * connections.
 */
#include "sys/cert.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/selfsigned.h"

#define FILE_NAME_MAX 264 /* a host name has at most 253 bytes */
#define ASIDE_MAX (FILE_NAME_MAX + 16)

/* One call of cert_load. */
struct job {
	struct cert *cert;
	const char *dir;
	int fd; /* of dir */
	const struct str *names;
	size_t name_count;
	bool make;
	char cert_name[FILE_NAME_MAX], key_name[FILE_NAME_MAX];
	char *error;
	size_t error_size;
};

/* Leaves one line for people; returns -1. */
static int fail(struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);

static int
fail(struct job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(job->error, job->error_size, format, arguments);
	va_end(arguments);
	ERR_clear_error();
	return -1;
}

static int
fail_system(struct job *job, const char *name, const char *advice)
{
	return fail(
	    job, "%s/%s: %s, %s", job->dir, name, strerror(errno), advice);
}

static int
fail_openssl(struct job *job, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return fail(job, "%s/%s: %s: %s, check OpenSSL's installation",
	    job->dir, job->cert_name, what,
	    reason != NULL ? reason : "out of memory");
}

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
write_aside(struct job *job, const char *name, char aside[ASIDE_MAX],
    EVP_PKEY *key, X509 *leaf)
{
	unsigned char noise[6];
	int fd, result;

	aside[0] = '\0';
	if (RAND_bytes(noise, sizeof noise) != 1)
		return fail_openssl(job, "no random numbers");
	snprintf(aside, ASIDE_MAX, "%s.%02x%02x%02x%02x%02x%02x", name,
	    noise[0], noise[1], noise[2], noise[3], noise[4], noise[5]);
	fd = openat(job->fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    key != NULL ? 0600 : 0644);
	if (fd == -1) {
		aside[0] = '\0';
		return fail_system(job, name, "let it be written here");
	}
	errno = 0;
	result = write_pem(fd, key, leaf);
	if (close(fd) == -1)
		result = -1;
	if (errno == 0)
		errno = EIO;
	if (result == -1)
		return fail_system(job, name, "make room for it");
	return 0;
}

/*
 * Both files get their names by link(2), which never replaces one.  The key
 * comes first: a certificate without its key would be trusted in vain.
 */
static int
link_pair(struct job *job, const char *cert_aside, const char *key_aside)
{
	if (linkat(job->fd, key_aside, job->fd, job->key_name, 0) == -1)
		return fail_system(job, job->key_name, "move what is there");
	if (linkat(job->fd, cert_aside, job->fd, job->cert_name, 0) == -1) {
		fail_system(job, job->cert_name, "move what is there");
		unlinkat(job->fd, job->key_name, 0);
		return -1;
	}
	/* Some file systems cannot for a directory. */
	if (fsync(job->fd) == -1 && errno != EINVAL)
		return fail_system(job, "", "check the disk");
	return 0;
}

static int
make_pair(struct job *job)
{
	X509 *leaf;
	EVP_PKEY *key;
	char cert_aside[ASIDE_MAX] = "", key_aside[ASIDE_MAX] = "";
	int result = -1;

	if (selfsigned_make(job->names, job->name_count, &leaf, &key) == -1)
		return fail_openssl(job, "cannot be made");
	if (write_aside(job, job->key_name, key_aside, key, NULL) == 0 &&
	    write_aside(job, job->cert_name, cert_aside, NULL, leaf) == 0)
		result = link_pair(job, cert_aside, key_aside);
	if (cert_aside[0] != '\0')
		unlinkat(job->fd, cert_aside, 0);
	if (key_aside[0] != '\0')
		unlinkat(job->fd, key_aside, 0);
	X509_free(leaf);
	EVP_PKEY_free(key);
	job->cert->made = result == 0;
	return result;
}

/* Opens a regular file; `mode` is filled in. */
static BIO *
open_pem(struct job *job, const char *name, mode_t *mode)
{
	int fd =
	    openat(job->fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	BIO *bio;

	if (fd == -1 || fstat(fd, &st) == -1) {
		fail_system(job, name, "let it be read");
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		fail(job, "%s/%s: no file, put a PEM file there", job->dir,
		    name);
		goto fail;
	}
	*mode = st.st_mode;
	bio = BIO_new_fd(fd, BIO_CLOSE);
	if (bio != NULL)
		return bio;
	fail_openssl(job, "cannot be read");
fail:
	if (fd != -1)
		close(fd);
	return NULL;
}

/* In place of the prompt that OpenSSL would put on the terminal. */
static int
on_passphrase(char *at, int room, int writing, void *asked)
{
	(void)at, (void)room, (void)writing;
	*(bool *)asked = true;
	return -1;
}

static int
read_key(struct job *job)
{
	mode_t mode;
	BIO *bio = open_pem(job, job->key_name, &mode);
	bool asked = false;
	EVP_PKEY *key;

	if (bio == NULL)
		return -1;
	key = PEM_read_bio_PrivateKey(bio, NULL, on_passphrase, &asked);
	BIO_free(bio);
	job->cert->key = key;
	if ((mode & 077) != 0)
		return fail(job,
		    "%s/%s: mode %04o lets others at the key, chmod 600 it",
		    job->dir, job->key_name, (unsigned)(mode & 07777));
	if (asked)
		return fail(job,
		    "%s/%s: needs a passphrase, take it off with openssl pkey",
		    job->dir, job->key_name);
	if (key == NULL)
		return fail(job, "%s/%s: holds no key in PEM, put one there",
		    job->dir, job->key_name);
	if (!EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "RSA") &&
	    !EVP_PKEY_is_a(key, "ED25519"))
		return fail(job,
		    "%s/%s: a kind of key that clients lack, use EC, RSA or "
		    "Ed25519",
		    job->dir, job->key_name);
	/* Below that OpenSSL refuses to serve with it (RSA under 2048). */
	if (EVP_PKEY_get_security_bits(key) < 112)
		return fail(job, "%s/%s: %d bits are too weak, use P-256",
		    job->dir, job->key_name, EVP_PKEY_get_bits(key));
	return 0;
}

/* Reads what follows the leaf; a file of one certificate has no chain. */
static int
read_chain(struct job *job, BIO *bio)
{
	struct cert *cert = job->cert;
	X509 *next;
	unsigned long reason;

	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (cert->chain == NULL)
			cert->chain = sk_X509_new_null();
		if (cert->chain == NULL ||
		    sk_X509_push(cert->chain, next) < 1) {
			X509_free(next);
			return fail_openssl(job, "cannot be read");
		}
	}
	reason = ERR_peek_last_error();
	ERR_clear_error();
	if (ERR_GET_REASON(reason) == PEM_R_NO_START_LINE)
		return 0;
	return fail(job,
	    "%s/%s: broken after the first certificate, restore it", job->dir,
	    job->cert_name);
}

static int
read_cert(struct job *job)
{
	mode_t mode;
	BIO *bio = open_pem(job, job->cert_name, &mode);
	int result;

	if (bio == NULL)
		return -1;
	job->cert->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (job->cert->leaf == NULL)
		result = fail(job,
		    "%s/%s: holds no certificate in PEM, put one there",
		    job->dir, job->cert_name);
	else
		result = read_chain(job, bio);
	BIO_free(bio);
	return result;
}

static void
date_text(const ASN1_TIME *time, char out[32])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 ||
	    strftime(out, 32, "%Y-%m-%d", &tm) == 0)
		snprintf(out, 32, "an unknown day");
}

static int
check_pair(struct job *job)
{
	const X509 *leaf = job->cert->leaf;
	char date[32];

	if (X509_check_private_key(leaf, job->cert->key) != 1)
		return fail(job,
		    "%s/%s: not the certificate of %s beside it, restore the "
		    "pair",
		    job->dir, job->cert_name, job->key_name);
	if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0) {
		date_text(X509_get0_notBefore(leaf), date);
		return fail(job,
		    "%s/%s: not valid before %s, check this machine's clock",
		    job->dir, job->cert_name, date);
	}
	if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0) {
		date_text(X509_get0_notAfter(leaf), date);
		return fail(job,
		    "%s/%s: expired on %s, renew it with the same key as "
		    "capsuled(8) shows",
		    job->dir, job->cert_name, date);
	}
	return 0;
}

/* Hexadecimal SHA-256. */
static int
fingerprint(const unsigned char *der, int len, char out[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (len <= 0 ||
	    EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

static int
describe(struct job *job)
{
	struct cert *cert = job->cert;
	unsigned char *leaf = NULL, *key = NULL;
	int leaf_len = i2d_X509(cert->leaf, &leaf);
	int key_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->leaf), &key);
	int result = 0;

	if (fingerprint(leaf, leaf_len, cert->fingerprint) == -1 ||
	    fingerprint(key, key_len, cert->key_fingerprint) == -1)
		result = fail_openssl(job, "no fingerprint");
	OPENSSL_free(leaf);
	OPENSSL_free(key);
	cert->covers_names = true;
	for (size_t i = 0; i < job->name_count; i++) {
		struct str name = job->names[i];

		if (X509_check_host(cert->leaf, name.at, name.len,
			X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1)
			cert->covers_names = false;
	}
	ERR_clear_error();
	return result;
}

/* 1 when the file is there, 0 when not. */
static int
is_there(struct job *job, const char *name)
{
	struct stat st;

	if (fstatat(job->fd, name, &st, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : fail_system(job, name, "let it be read");
}

static int
load_pair(struct job *job)
{
	int key = is_there(job, job->key_name);
	int cert = key != -1 ? is_there(job, job->cert_name) : -1;

	if (key == -1 || cert == -1)
		return -1;
	if (key != cert)
		return fail(job,
		    "%s/%s is there without %s, restore that one or move this "
		    "one away to begin anew",
		    job->dir, key ? job->key_name : job->cert_name,
		    key ? job->cert_name : job->key_name);
	if (!key && !job->make)
		return 0;
	if (!key && make_pair(job) == -1)
		return -1;
	if (read_key(job) == -1 || read_cert(job) == -1)
		return -1;
	return check_pair(job) == 0 ? describe(job) : -1;
}

static int
open_directory(struct job *job)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	job->fd = open(job->dir, flags);
	if (job->fd == -1 && errno == ENOENT && !job->make)
		return 0;
	if (job->fd == -1 && errno == ENOENT && mkdir(job->dir, 0700) == 0)
		job->fd = open(job->dir, flags);
	if (job->fd == -1)
		return fail(job, "%s: %s, name a directory for certificates",
		    job->dir, strerror(errno));
	return 0;
}

int
cert_load(struct cert *cert, const struct cert_request *request, char *error,
    size_t error_size)
{
	const struct str *names = request->names;
	struct job job = { .cert = cert,
		.dir = request->dir,
		.names = names,
		.name_count = request->name_count,
		.make = request->make,
		.error = error,
		.error_size = error_size };
	int result;

	*cert = (struct cert){ 0 };
	assert(names[0].len < 256 && str_find(names[0], '/') == names[0].len);
	snprintf(
	    job.cert_name, sizeof job.cert_name, "%.*s.crt", STR_ARG(names[0]));
	snprintf(
	    job.key_name, sizeof job.key_name, "%.*s.key", STR_ARG(names[0]));
	if (strlen(request->dir) + sizeof job.cert_name >= sizeof cert->file)
		return fail(&job, "certs: too long a name, choose another");
	snprintf(cert->file, sizeof cert->file, "%s/%s", request->dir,
	    job.cert_name);
	if (open_directory(&job) == -1)
		return -1;
	if (job.fd == -1)
		return 0;
	result = load_pair(&job);
	close(job.fd);
	if (result == -1)
		cert_release(cert);
	return result;
}

void
cert_release(struct cert *cert)
{
	X509_free(cert->leaf);
	sk_X509_pop_free(cert->chain, X509_free);
	EVP_PKEY_free(cert->key);
	cert->leaf = NULL;
	cert->chain = NULL;
	cert->key = NULL;
}
