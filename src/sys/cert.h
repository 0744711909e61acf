#ifndef SYS_CERT_H
#define SYS_CERT_H

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

/*
 * Loads the pair for `names` (normal form, the first names the files), and
 * makes it first when neither file exists: P-256, X.509 v3, the first name
 * as CN, every name as DNS SAN, addresses as IP SAN too, valid from a day
 * ago for a hundred years.  The key file has mode 0600 from its first byte;
 * both are written aside and renamed, the key first, and never over a file
 * that is there.  DIR is made when missing (its parent has to exist).
 *
 * Returns -1 with one line in `error` for people (the file, what is wrong,
 * what to do) when only one of the files is there, one cannot be read or
 * parsed, they do not belong together, the key file is open to others, or
 * the certificate is expired or not yet valid.
 */
MUST_USE int cert_load(struct cert *cert, const char *dir,
    const struct str *names, size_t name_count, char *error, size_t error_size);

void cert_release(struct cert *cert);

#endif
