#ifndef SYS_CERT_H
#define SYS_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

#define CERT_WARNINGS_MAX 4

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
	/*
	 * Reasons for clients to complain: the dates, a missing name, or a
	 * missing extended key usage.  Lines for people, without the file.
	 */
	char warnings[CERT_WARNINGS_MAX][160];
	size_t warning_count;
};

/* What to do when neither file of a pair exists. */
enum cert_missing {
	CERT_MAKE,
	CERT_ALLOW, /* return an empty cert */
	CERT_REFUSE,
};

/* Which pair, and for which names. */
struct cert_request {
	const char *dir;
	const struct str *names; /* normal form; the first names the files */
	size_t name_count;
	enum cert_missing missing;
};

/*
 * Loads the pair for the names of `request`.  When neither file exists,
 * CERT_MAKE makes the pair: P-256, X.509 v3, the first name as CN, every name
 * as DNS SAN, addresses as IP SAN too, valid from a day ago for a hundred
 * years.  The key file has mode 0600 from its first byte.  Both files are
 * written under other names and then get their own, the key first; they never
 * replace a file.  If several processes start at once, one makes the pair and
 * the others load it.  A missing directory is made; its parent must exist.
 * With CERT_ALLOW `cert` may be empty: its leaf is NULL.
 *
 * Returns -1 with one line in `error` for people (the file, what is wrong,
 * what to do) when only one of the files is there, one cannot be read or
 * parsed, they do not belong together, the key file is open to others, or
 * clients cannot use such a key or certificate (see sys/certkey.h).
 */
MUST_USE int cert_load(struct cert *cert, const struct cert_request *request,
    char *error, size_t error_size);

void cert_release(struct cert *cert);

#endif
