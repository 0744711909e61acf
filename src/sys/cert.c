/*
 * Loads the certificate and key of a capsule, and creates the pair when both
 * files are missing.
 */
#include "sys/cert.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/certfiles.h"
#include "sys/certkey.h"
#include "sys/certmake.h"
#include "sys/sha256.h"
#include "text/hex.h"

/* A certificate that expires in fewer days is warned of. */
#define EXPIRY_DAYS 60

/* The state of one cert_load call. */
struct job {
	struct cert *cert;
	const struct cert_request *request;
	struct certfiles files;
	bool is_mismatch; /* two good files that are not of one pair */
};

/* Adds a warning; a warning does not prevent a start. */
static void warn(struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);

static void
warn(struct job *job, const char *format, ...)
{
	struct cert *cert = job->cert;
	va_list arguments;

	assert(cert->warning_count < CERT_WARNINGS_MAX);
	va_start(arguments, format);
	vsnprintf(cert->warnings[cert->warning_count++],
	    sizeof cert->warnings[0], format, arguments);
	va_end(arguments);
}

static void
date_text(const ASN1_TIME *time, char out[32])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 ||
	    strftime(out, 32, "%Y-%m-%d", &tm) == 0)
		snprintf(out, 32, "an unknown day");
}

/* Adds a certificate to the chain, which takes it. */
static int
add_to_chain(struct job *job, X509 *next)
{
	struct cert *cert = job->cert;

	if (cert->chain == NULL)
		cert->chain = sk_X509_new_null();
	if (cert->chain != NULL && sk_X509_push(cert->chain, next) > 0)
		return 0;
	X509_free(next);
	return certfiles_fail_openssl(&job->files, "cannot be read");
}

/*
 * Reads the chain, the certificates after the leaf; it may be empty. The chain
 * ends before one that has expired: some clients refuse a good leaf with it.
 */
static int
read_chain(struct job *job, BIO *bio)
{
	X509 *next;
	bool ended = false;
	char date[32];
	unsigned long reason;

	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		const ASN1_TIME *end = X509_get0_notAfter(next);

		if (!ended && X509_cmp_current_time(end) <= 0) {
			date_text(end, date);
			warn(job,
			    "a certificate after the first one expired on %s, "
			    "so it is not sent; remove it from the file",
			    date);
			ended = true;
		}
		if (ended)
			X509_free(next);
		else if (add_to_chain(job, next) == -1)
			return -1;
	}
	reason = ERR_peek_last_error();
	ERR_clear_error();
	if (ERR_GET_REASON(reason) == PEM_R_NO_START_LINE)
		return 0;
	return certfiles_fail(&job->files, job->files.cert_name,
	    "broken after the first certificate, restore it");
}

static int
read_cert(struct job *job)
{
	struct stat st;
	BIO *bio = certfiles_open(&job->files, job->files.cert_name, &st);
	int result;

	if (bio == NULL)
		return -1;
	job->cert->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (job->cert->leaf == NULL)
		result = certfiles_fail(&job->files, job->files.cert_name,
		    "holds no certificate in PEM, put one there");
	else
		result = read_chain(job, bio);
	BIO_free(bio);
	return result;
}

/* A change of the key may have been interrupted between its two renames. */
static int
fail_mismatch(struct certfiles *files)
{
	struct str crt = str_of(files->cert_name);
	char next[CERTFILES_NAME_MAX];
	bool changes;

	snprintf(next, sizeof next, "%.*s" CERTFILES_NEXT ".crt",
	    STR_ARG(str_head(crt, crt.len - strlen(".crt"))));
	changes = faccessat(files->fd, next, F_OK, 0) == 0;
	return certfiles_fail(files, files->cert_name,
	    "not the certificate of %s beside it, %s", files->key_name,
	    changes ? "finish the change of the key with capsule rekey --now"
		    : "restore the pair");
}

static int
check_pair(struct job *job)
{
	struct cert *cert = job->cert;

	job->is_mismatch = X509_check_private_key(cert->leaf, cert->key) != 1;
	if (job->is_mismatch)
		return fail_mismatch(&job->files);
	return certkey_check_leaf(&job->files, cert->leaf);
}

/*
 * Only warn: the clock may be wrong until the network is up, and visitors can
 * accept an expired certificate.
 */
static void
check_dates(struct job *job)
{
	const X509 *leaf = job->cert->leaf;
	const ASN1_TIME *end = X509_get0_notAfter(leaf);
	int days, seconds;
	char date[32];

	if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0) {
		date_text(X509_get0_notBefore(leaf), date);
		warn(job,
		    "not valid before %s, so clients complain; check this "
		    "machine's clock",
		    date);
	}
	date_text(end, date);
	if (X509_cmp_current_time(end) <= 0)
		warn(job, "expired on %s, so clients complain; " CERTKEY_RENEW,
		    date);
	else if (ASN1_TIME_diff(&days, &seconds, NULL, end) == 1 &&
	    days < EXPIRY_DAYS)
		warn(job,
		    "expires on %s, after which clients "
		    "complain; " CERTKEY_RENEW,
		    date);
}

static void
check_use(struct job *job)
{
	const struct cert_request *request = job->request;
	bool covered = true;

	for (size_t i = 0; i < request->name_count; i++) {
		struct str name = request->names[i];

		covered = covered &&
		    X509_check_host(job->cert->leaf, name.at, name.len,
			X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
	}
	if (!covered)
		warn(job,
		    "does not cover every name of this capsule, so clients "
		    "complain; for all names " CERTKEY_RENEW);
	if ((X509_get_extended_key_usage(job->cert->leaf) & XKU_SSL_SERVER) ==
	    0)
		warn(job,
		    "its extended key usage lacks serverAuth, so some clients "
		    "refuse it; " CERTKEY_RENEW);
	ERR_clear_error();
}

static int
fingerprint(const unsigned char *der, int len, char out[65])
{
	unsigned char digest[SHA256_SIZE];

	if (len <= 0 ||
	    sha256_of((struct str){ (const char *)der, (size_t)len }, digest) ==
		-1)
		return -1;
	hex_format(digest, sizeof digest, out);
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
		result = certfiles_fail_openssl(&job->files, "no fingerprint");
	OPENSSL_free(leaf);
	OPENSSL_free(key);
	return result;
}

static int
read_pair(struct job *job)
{
	job->cert->key = certkey_read(&job->files);
	if (job->cert->key == NULL || read_cert(job) == -1 ||
	    check_pair(job) == -1)
		return -1;
	check_dates(job);
	check_use(job);
	return describe(job);
}

/* Returns 1 if the file exists, 0 if not, -1 with a message. */
static int
find_file(struct job *job, const char *name, off_t *size)
{
	struct stat st;

	*size = 0;
	if (fstatat(job->files.fd, name, &st, 0) == 0) {
		*size = st.st_size;
		return 1;
	}
	return errno == ENOENT ? 0
			       : certfiles_fail_unreadable(&job->files, name);
}

/* Which files of a pair exist. */
struct found {
	int key, cert;
	bool whole; /* both, and neither is empty */
};

static int
find_pair(struct job *job, struct found *found)
{
	off_t key_size = 0, cert_size = 0;

	found->key = find_file(job, job->files.key_name, &key_size);
	found->cert = found->key == -1
	    ? -1
	    : find_file(job, job->files.cert_name, &cert_size);
	found->whole = key_size > 0 && cert_size > 0;
	return found->cert == -1 ? -1 : 0;
}

static int
fail_directory(struct job *job)
{
	snprintf(job->files.error, job->files.error_size,
	    "%s: %s, name a directory for certificates", job->files.dir,
	    strerror(errno));
	return -1;
}

/*
 * Handles a missing pair that must not be created now. Returns 0 if the pair
 * may be missing and a start could create it.
 */
static int
miss_pair(struct job *job)
{
	const struct certfiles *files = &job->files;
	char above[sizeof job->cert->file];
	const char *where = ".";

	if (job->request->missing == CERT_REFUSE)
		return certfiles_fail(&job->files, files->key_name,
		    "missing, and so is %s; a reload makes no pair: put both "
		    "there, or restart for a new pair, which alarms every "
		    "client",
		    files->cert_name);
	if (files->fd == -1) {
		snprintf(above, sizeof above, "%s", files->dir);
		where = dirname(above);
	}
	if (faccessat(files->fd != -1 ? files->fd : AT_FDCWD, where,
		W_OK | X_OK, AT_EACCESS) == -1)
		return fail_directory(job);
	return 0;
}

static int
load_pair(struct job *job)
{
	const struct cert_request *request = job->request;
	struct certfiles *files = &job->files;
	struct found found;

	if (find_pair(job, &found) == -1)
		return -1;
	if (!found.whole && !request->is_locked) {
		/* Another process that starts may be creating the pair. */
		certmake_lock(files);
		if (find_pair(job, &found) == -1)
			return -1;
	}
	if (found.key != found.cert)
		return certfiles_fail(files,
		    found.key ? files->key_name : files->cert_name,
		    "%s is missing beside it; restore that one, or move this "
		    "one away for a new pair",
		    found.key ? files->cert_name : files->key_name);
	if (!found.key && request->missing != CERT_MAKE)
		return miss_pair(job);
	if (!found.key) {
		if (certmake_pair(files, request->names, request->name_count) ==
		    -1)
			return -1;
		job->cert->made = true;
	}
	if (read_pair(job) == 0)
		return 0;
	/* Another process may be replacing both files. */
	if (!job->is_mismatch || request->is_locked)
		return -1;
	certmake_lock(files);
	cert_release(job->cert);
	job->cert->warning_count = 0;
	job->files.error[0] = '\0';
	return read_pair(job);
}

/*
 * Opens the directory, creating it if needed. files.fd stays -1 when it is
 * missing and may be.
 */
static int
open_directory(struct job *job)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct certfiles *files = &job->files;

	files->fd = open(files->dir, flags);
	if (files->fd == -1 && errno == ENOENT &&
	    job->request->missing != CERT_MAKE)
		return miss_pair(job);
	if (files->fd == -1 && errno == ENOENT &&
	    (mkdir(files->dir, 0700) == 0 || errno == EEXIST))
		files->fd = open(files->dir, flags);
	return files->fd != -1 ? 0 : fail_directory(job);
}

int
cert_load(struct cert *cert, const struct cert_request *request, char *error,
    size_t error_size)
{
	struct str name = request->names[0];
	struct job job = { .cert = cert,
		.request = request,
		.files = { .dir = request->dir,
		    .error = error,
		    .error_size = error_size } };
	struct certfiles *files = &job.files;
	int result;

	*cert = (struct cert){ 0 };
	assert(name.len < 256 && str_find(name, '/') == name.len);
	certfiles_name(files, name);
	if (strlen(files->dir) + sizeof files->cert_name >= sizeof cert->file) {
		snprintf(error, error_size,
		    "certs: too long a name, choose another");
		return -1;
	}
	snprintf(cert->file, sizeof cert->file, "%s/%s", files->dir,
	    files->cert_name);
	result = open_directory(&job);
	if (files->fd == -1)
		return result;
	result = load_pair(&job);
	close(files->fd);
	if (result == -1)
		cert_release(cert);
	return result;
}

void
cert_warn(const struct cert *cert, void (*say)(const char *text))
{
	char text[sizeof cert->file + sizeof cert->warnings[0]];

	for (size_t i = 0; i < cert->warning_count; i++) {
		snprintf(
		    text, sizeof text, "%s: %s", cert->file, cert->warnings[i]);
		say(text);
	}
}

int64_t
cert_end(const struct cert *cert)
{
	int days, seconds;
	ASN1_TIME *start = ASN1_TIME_set(NULL, 0);
	int64_t end = 0;

	if (start != NULL && cert->leaf != NULL &&
	    ASN1_TIME_diff(
		&days, &seconds, start, X509_get0_notAfter(cert->leaf)) == 1)
		end = (int64_t)days * 86400 + seconds;
	ASN1_TIME_free(start);
	return end;
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
