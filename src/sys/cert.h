#ifndef SYS_CERT_H
#define SYS_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * The certificate and key of a capsule: DIR/NAME.crt and DIR/NAME.key, PEM,
 * for the first of its names.  Clients trust on first use, so the pair is
 * made once and never remade.
 */
struct cert {
	struct x509_st *leaf; /* OpenSSL's X509 */
	struct stack_st_X509 *chain; /* what follows it in the file, or NULL */
	struct evp_pkey_st *key; /* OpenSSL's EVP_PKEY */
	char fingerprint[65]; /* SHA-256 of the certificate, hex */
	char key_fingerprint[65]; /* SHA-256 of its SubjectPublicKeyInfo */
	char file[4096]; /* DIR/NAME.crt */
	bool made; /* by this call */
	bool covers_names; /* every name is a SAN of it */
};

/* Which pair, and for whom. */
struct cert_request {
	const char *dir;
	const struct str *names; /* normal form; the first names the files */
	size_t name_count;
	bool make; /* when there is none */
};

/*
 * Loads the pair for the names of `request`.  When neither file exists it is
 * made first: P-256, X.509 v3, the first name as CN, every name as DNS SAN,
 * addresses as IP SAN too, valid from a day ago for a hundred years.  The key
 * file has mode 0600 from its first byte; both are written aside and renamed,
 * the key first, and never over a file that is there.  The directory is made
 * when missing (its parent has to exist).  When neither exists and none is to
 * be made, `cert` is empty: its leaf is NULL.
 *
 * Returns -1 with one line in `error` for people (the file, what is wrong,
 * what to do) when only one of the files is there, one cannot be read or
 * parsed, they do not belong together, the key file is open to others, or
 * the certificate is expired or not yet valid.
 */
MUST_USE int cert_load(struct cert *cert, const struct cert_request *request,
    char *error, size_t error_size);

void cert_release(struct cert *cert);

#endif
