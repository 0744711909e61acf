/* Makes a new certificate for the same key, with other names. */
#include "sys/keyrenew.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sys/certissue.h"
#include "sys/certkey.h"
#include "sys/certwrite.h"
#include "sys/process.h"

#define OLD_KEYS_MAX 1000 /* files to look at */

/* Whether this file is a kept key of the capsule. */
static bool
is_old_key(const struct keychange *change, struct str file)
{
	struct str stem = str_of(change->stem);

	return file.len < CERTFILES_NAME_MAX && str_starts(file, stem) &&
	    str_starts(str_tail(file, stem.len), STR(".old-")) &&
	    str_ends(file, STR(".key"));
}

/* Finds the kept key of the certificate `issuer`, or NULL. */
static EVP_PKEY *
find_old_key(struct keychange *change, const X509 *issuer)
{
	struct certfiles old = change->files;
	int fd = openat(old.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	EVP_PKEY *key = NULL;

	for (int i = 0; dir != NULL && key == NULL && i < OLD_KEYS_MAX &&
	     (entry = readdir(dir)) != NULL;
	     i++) {
		if (!is_old_key(change, str_of(entry->d_name)))
			continue;
		snprintf(
		    old.key_name, sizeof old.key_name, "%s", entry->d_name);
		key = certkey_read(&old);
		if (key != NULL && X509_check_private_key(issuer, key) != 1) {
			EVP_PKEY_free(key);
			key = NULL;
		}
	}
	if (dir != NULL)
		closedir(dir);
	else
		process_close(fd);
	ERR_clear_error();
	return key;
}

/* Replaces the certificate of the key in use. */
static int
renew_leaf(struct keychange *change, const struct certissue *request)
{
	struct certfiles *files = &change->files;
	struct stat like;
	struct certwrite file = { .name = files->cert_name, .like = &like };
	X509 *leaf;
	int result = -1;

	if (keychange_stat(change, file.name, &like) == -1)
		return -1;
	leaf = certissue_make(request);
	if (leaf == NULL)
		certfiles_fail_openssl(files, "cannot be made");
	else if (certwrite_cert(files, &file, leaf, request->issuer) == 0 &&
	    certwrite_replace(files, &file) == 0)
		result = certwrite_sync(files);
	certwrite_release(files, &file);
	X509_free(leaf);
	return result;
}

/* Reads both pairs again, with the new certificates. */
static int
load_again(struct keychange *change)
{
	cert_release(&change->cert);
	cert_release(&change->next);
	return keychange_load(change);
}

static bool
is_self_signed(X509 *leaf)
{
	return X509_NAME_cmp(X509_get_issuer_name(leaf),
		   X509_get_subject_name(leaf)) == 0;
}

/* Finds the signer of the certificate: a kept key, or NULL for its own. */
static int
find_signer(struct keychange *change, struct certissue *request, bool forced)
{
	X509 *leaf = change->cert.leaf;
	X509 *issuer = change->cert.chain != NULL
	    ? sk_X509_value(change->cert.chain, 0)
	    : NULL;

	if (issuer != NULL && certissue_is_signed_by(leaf, issuer))
		request->issuer_key = find_old_key(change, issuer);
	if (request->issuer_key != NULL)
		request->issuer = issuer;
	if (request->issuer != NULL || forced || is_self_signed(leaf))
		return 0;
	return certfiles_fail(&change->files, change->files.cert_name,
	    "another key has signed it, which is not in the directory; put "
	    "that key there as %s.old-DATE.key, or give --force for a "
	    "self-signed certificate",
	    change->stem);
}

int
keyrenew_run(struct keychange *change, const struct keyrenew *renew)
{
	struct certissue request = { .names = renew->names,
		.name_count = renew->name_count };
	int result;

	if (keychange_load(change) == -1)
		return -1;
	request.key = change->cert.key;
	request.before = change->cert.leaf;
	if (find_signer(change, &request, renew->forced) == -1)
		return -1;
	result = renew_leaf(change, &request);
	if (result == 0 && change->next.leaf != NULL)
		result = keychange_issue(
		    change, change->next.key, renew->names, renew->name_count);
	EVP_PKEY_free(request.issuer_key);
	return result == 0 ? load_again(change) : -1;
}
