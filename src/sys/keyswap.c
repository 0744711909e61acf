/* Puts the next pair in the place of the pair in use, and keeps that one. */
#include "sys/keyswap.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/certkey.h"
#include "sys/certwrite.h"

#define FILE_MAX (1 << 20)
#define KEPT_MAX 99 /* pairs of one day */

/* Reads a whole file; the caller frees `text`, with OPENSSL_clear_free. */
static int
read_whole(
    struct certfiles *files, const char *name, struct stat *st, BUF_MEM *text)
{
	BIO *bio = certfiles_open(files, name, st);
	int got = 0;

	if (bio == NULL)
		return -1;
	while (text->length < FILE_MAX &&
	    (got = BIO_read(bio, text->data + text->length,
		 (int)(FILE_MAX - text->length))) > 0)
		text->length += (size_t)got;
	BIO_free(bio);
	if (got < 0 || text->length == FILE_MAX)
		return certfiles_fail(
		    files, name, "cannot be read, restore the pair");
	return 0;
}

/* Copies a file of the pair in use, with owner and mode, to a new name. */
static int
keep_file(struct certfiles *files, const char *from, struct certwrite *file)
{
	BUF_MEM text = { .data = OPENSSL_zalloc(FILE_MAX) };
	struct stat st;
	int result = -1;

	file->like = &st;
	if (text.data == NULL)
		certfiles_fail(files, from, "%s", strerror(ENOMEM));
	else if (read_whole(files, from, &st, &text) == 0 &&
	    certwrite_text(
		files, file, (struct str){ text.data, text.length }) == 0)
		result = certwrite_name(files, file);
	certwrite_release(files, file);
	OPENSSL_clear_free(text.data, FILE_MAX);
	return result;
}

/* Finds a name that no pair of today has, and keeps the pair under it. */
static int
keep_pair(struct keychange *change)
{
	struct certfiles old = change->files;
	struct certwrite key = { .name = old.key_name, .is_key = true };
	struct certwrite cert = { .name = old.cert_name };
	char day[KEYCHANGE_DAY_SIZE], number[8] = "";

	keychange_day(day, 0);
	for (int i = 2; i <= KEPT_MAX + 1; i++) {
		snprintf(change->kept, sizeof change->kept,
		    "%s.old-%.4s%.2s%.2s%s", change->stem, day, day + 5,
		    day + 8, number);
		certfiles_name(&old, str_of(change->kept));
		if (!keychange_has(change, old.key_name) &&
		    !keychange_has(change, old.cert_name))
			break;
		snprintf(number, sizeof number, "-%d", i);
	}
	if (keep_file(&old, change->files.key_name, &key) == -1 ||
	    keep_file(&old, change->files.cert_name, &cert) == -1)
		return -1;
	return certwrite_sync(&old);
}

static int
rename_file(struct keychange *change, const char *from, const char *to)
{
	int fd = change->files.fd;

	if (renameat(fd, from, fd, to) == 0)
		return 0;
	return certfiles_fail_errno(
	    &change->files, from, "make the directory writable");
}

static int
rename_cert(struct keychange *change)
{
	if (rename_file(change, change->next_files.cert_name,
		change->files.cert_name) == -1)
		return -1;
	return certwrite_sync(&change->files);
}

/*
 * Completes a change after which the key in use is the next one already.
 * Returns 1 if there was one, 0 if not, -1 on failure.
 */
static int
resume(struct keychange *change)
{
	struct certfiles mixed = change->files;
	struct stat st;
	EVP_PKEY *key;
	X509 *leaf = NULL;
	BIO *bio;
	bool fits;

	if (keychange_has(change, change->next_files.key_name) ||
	    !keychange_has(change, change->next_files.cert_name))
		return 0;
	key = certkey_read(&mixed);
	bio = key != NULL
	    ? certfiles_open(&mixed, change->next_files.cert_name, &st)
	    : NULL;
	if (bio != NULL)
		leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	fits = leaf != NULL && X509_check_private_key(leaf, key) == 1;
	X509_free(leaf);
	BIO_free(bio);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!fits)
		return 0;
	if (rename_cert(change) == -1 ||
	    keychange_load_pair(change, &change->next, change->name) == -1)
		return -1;
	return 1;
}

static int
check_due(struct keychange *change)
{
	struct certfiles *files = &change->next_files;
	char today[KEYCHANGE_DAY_SIZE];

	keychange_day(today, 0);
	if (change->day[0] == '\0')
		return certfiles_fail(files, files->cert_name,
		    "has no day of the change; give --force to change the key "
		    "now");
	if (strcmp(today, change->day) < 0)
		return certfiles_fail(files, files->cert_name,
		    "the change is planned for %s; wait until then, or give "
		    "--force",
		    change->day);
	return 0;
}

int
keyswap_run(struct keychange *change, bool forced)
{
	int resumed = resume(change);

	if (resumed != 0)
		return resumed == 1 ? 0 : -1;
	if (keychange_load(change) == -1)
		return -1;
	if (change->next.leaf == NULL)
		return certfiles_fail(&change->next_files,
		    change->next_files.cert_name,
		    "missing; plan a change first, with capsule rekey");
	if ((!forced && check_due(change) == -1) || keep_pair(change) == -1 ||
	    rename_file(change, change->next_files.key_name,
		change->files.key_name) == -1)
		return -1;
	return rename_cert(change);
}
