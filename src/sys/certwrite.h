#ifndef SYS_CERTWRITE_H
#define SYS_CERTWRITE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "sys/certfiles.h"
#include "text/attribute.h"
#include "text/str.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct x509_st; /* OpenSSL's X509 */

/*
 * A new file of a pair. It is written and synced under a temporary name in the
 * directory of `files`, and then gets its name. The functions below return -1
 * with one line in files->error.
 */
struct certwrite {
	/* Set by the caller. */
	const char *name; /* borrowed */
	bool is_key; /* then mode 0600 from the first byte, otherwise 0644 */
	/* Take owner, group and the right of the group to read from here. */
	const struct stat *like; /* or NULL */
	const char *note; /* a line before the PEM of certificates, or NULL */
	/* Private. */
	char aside[CERTFILES_NAME_MAX + 16];
};

/* Write the PEM of a key, or of a certificate and of its issuer or NULL. */
MUST_USE int certwrite_key(
    struct certfiles *files, struct certwrite *file, struct evp_pkey_st *key);
MUST_USE int certwrite_cert(struct certfiles *files, struct certwrite *file,
    struct x509_st *leaf, struct x509_st *issuer);
MUST_USE int certwrite_text(
    struct certfiles *files, struct certwrite *file, struct str text);

/* Gives the file its name, which must not exist: otherwise EEXIST in errno. */
MUST_USE int certwrite_name(struct certfiles *files, struct certwrite *file);

/* The same, in place of an existing file. */
MUST_USE int certwrite_replace(struct certfiles *files, struct certwrite *file);

/* Removes the temporary file if it has not got its name. */
void certwrite_release(struct certfiles *files, struct certwrite *file);

/* Syncs the directory, if its file system can. */
MUST_USE int certwrite_sync(struct certfiles *files);

#endif
