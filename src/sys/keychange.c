/*
 * Changes the key of a capsule in a way that clients can follow: the old key
 * signs the certificate of the new one.
 */
#include "sys/keychange.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/certissue.h"
#include "sys/certkey.h"
#include "sys/certmake.h"
#include "sys/certwrite.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "text/utc.h"

#define DAY_NOTE "Day of the change: " /* in NAME.next.crt, before the PEM */

/* Writes "DIR: MESSAGE" to the error. */
static int
fail_dir(struct keychange *change, const char *what, const char *cure)
{
	snprintf(change->error, sizeof change->error, "%s: %s; %s",
	    change->files.dir, what, cure);
	return -1;
}

int
keychange_open(struct keychange *change, const char *dir, struct str name)
{
	struct certfiles *files = &change->files;

	*change = (struct keychange){ .name = name };
	*files = (struct certfiles){ .dir = dir,
		.fd = -1,
		.error = change->error,
		.error_size = sizeof change->error };
	if (name.len >= KEYCHANGE_NAME_SIZE)
		return fail_dir(change, strerror(ENAMETOOLONG),
		    "choose a shorter first name for the capsule");
	files->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->fd == -1)
		return fail_dir(change, strerror(errno),
		    "name the directory of the certificates, as -C does for "
		    "capsuled");
	if (faccessat(files->fd, ".", W_OK | X_OK, AT_EACCESS) == -1)
		return fail_dir(change, strerror(errno),
		    "make it writable, or run this command as its owner");
	certfiles_name(files, name);
	snprintf(change->stem, sizeof change->stem, "%.*s",
	    (int)(strlen(files->cert_name) - strlen(".crt")), files->cert_name);
	snprintf(change->next_name, sizeof change->next_name,
	    "%s" CERTFILES_NEXT, change->stem);
	change->next_files = *files;
	certfiles_name(&change->next_files, str_of(change->next_name));
	certmake_lock(files);
	return 0;
}

void
keychange_close(struct keychange *change)
{
	process_close(change->files.fd);
	cert_release(&change->cert);
	cert_release(&change->next);
}

int
keychange_load_pair(
    struct keychange *change, struct cert *cert, struct str name)
{
	const struct cert_request request = { .dir = change->files.dir,
		.names = &name,
		.name_count = 1,
		.missing = CERT_ALLOW,
		.is_locked = true };

	return cert_load(cert, &request, change->error, sizeof change->error);
}

bool
keychange_has(const struct keychange *change, const char *name)
{
	struct stat st;

	return fstatat(change->files.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Reads the day from the lines before the first certificate of the file. */
static int
read_day(struct keychange *change)
{
	struct certfiles *files = &change->next_files;
	char line[256];
	struct stat st;
	BIO *bio = certfiles_open(files, files->cert_name, &st);
	bool found = false;

	if (bio == NULL)
		return -1;
	while (!found && BIO_gets(bio, line, sizeof line) > 0) {
		struct str rest = str_head(str_of(line), strcspn(line, "\r\n"));

		found = str_starts(rest, STR(DAY_NOTE));
		if (found)
			rest = str_tail(rest, strlen(DAY_NOTE));
		if (found && rest.len == KEYCHANGE_DAY_SIZE - 1)
			snprintf(change->day, sizeof change->day, "%.*s",
			    STR_ARG(rest));
	}
	BIO_free(bio);
	return 0;
}

int
keychange_load_next(struct keychange *change)
{
	struct certfiles *files = &change->next_files;

	if (!keychange_has(change, files->cert_name))
		return 0;
	if (!keychange_has(change, files->key_name))
		return certfiles_fail(files, files->cert_name,
		    "%s is missing beside it; remove this file for another "
		    "next key",
		    files->key_name);
	if (keychange_load_pair(
		change, &change->next, str_of(change->next_name)) == -1)
		return -1;
	if (!certissue_is_signed_by(change->next.leaf, change->cert.leaf))
		return certfiles_fail(files, files->cert_name,
		    "the key in use has not signed it; move it and %s away for "
		    "another next key",
		    files->key_name);
	return read_day(change);
}

int
keychange_load(struct keychange *change)
{
	struct certfiles *files = &change->files;

	if (keychange_load_pair(change, &change->cert, change->name) == -1)
		return -1;
	if (change->cert.leaf == NULL)
		return certfiles_fail(files, files->key_name,
		    "missing; give the first name of a capsule, and the "
		    "directory of its certificates");
	return keychange_load_next(change);
}

/* Sets `st` to the owner, group and mode of a file of the pair in use. */
int
keychange_stat(struct keychange *change, const char *name, struct stat *st)
{
	return fstatat(change->files.fd, name, st, 0) == 0
	    ? 0
	    : certfiles_fail_unreadable(&change->files, name);
}

/* Writes both certificates, and names the file. */
static int
write_next(struct keychange *change, X509 *leaf, X509 *issuer)
{
	struct certfiles *files = &change->next_files;
	char note[sizeof DAY_NOTE + KEYCHANGE_DAY_SIZE];
	struct stat like;
	struct certwrite file = {
		.name = files->cert_name, .like = &like, .note = note
	};
	int result = -1;

	snprintf(note, sizeof note, DAY_NOTE "%s", change->day);
	if (keychange_stat(change, change->files.cert_name, &like) == -1)
		return -1;
	if (certwrite_cert(files, &file, leaf, issuer) == 0)
		result = keychange_has(change, file.name)
		    ? certwrite_replace(files, &file)
		    : certwrite_name(files, &file);
	certwrite_release(files, &file);
	return result == 0 ? certwrite_sync(files) : -1;
}

int
keychange_issue(struct keychange *change, EVP_PKEY *next_key,
    const struct str *names, size_t count)
{
	EVP_PKEY *key = change->cert.key;
	X509 *issuer = certissue_make(&(struct certissue){ .key = key,
	    .names = names,
	    .name_count = count,
	    .before = change->cert.leaf,
	    .is_authority = true });
	X509 *leaf = issuer != NULL
	    ? certissue_make(&(struct certissue){ .key = next_key,
		  .before = issuer,
		  .issuer = issuer,
		  .issuer_key = key })
	    : NULL;
	int result = leaf != NULL
	    ? write_next(change, leaf, issuer)
	    : certfiles_fail_openssl(&change->next_files, "cannot be made");

	X509_free(leaf);
	X509_free(issuer);
	return result;
}

void
keychange_day(char day[KEYCHANGE_DAY_SIZE], int days_ahead)
{
	char text[UTC_SIZE];

	utc_format(
	    (int64_t)clock_wall().tv_sec + (int64_t)days_ahead * 86400, text);
	snprintf(day, KEYCHANGE_DAY_SIZE, "%.*s", KEYCHANGE_DAY_SIZE - 1, text);
}

int
keychange_sign(struct keychange *change, struct str text, unsigned char *out)
{
	EVP_PKEY *key = change->cert.key;
	const EVP_MD *digest =
	    EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = KEYCHANGE_SIGNATURE_MAX;
	int result = -1;

	if (context != NULL &&
	    EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
	    EVP_DigestSign(context, out, &len, (const unsigned char *)text.at,
		text.len) == 1)
		result = (int)len;
	else
		certfiles_fail_openssl(&change->files, "cannot sign");
	EVP_MD_CTX_free(context);
	return result;
}
