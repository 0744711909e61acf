#ifndef SYS_CERT_H
#define SYS_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

#define CERT_WARNINGS_MAX 5

/*
 * The certificate and key of a capsule: DIR/NAME.crt and DIR/NAME.key in PEM,
 * where NAME is the first host name, "_.example.org" for *.example.org. Clients
 * trust on first use, so the pair is created once and never replaced.
 */
struct cert {
	struct x509_st *leaf; /* OpenSSL's X509 */
	/* The rest of the file, up to an expired certificate, or NULL. */
	struct stack_st_X509 *chain;
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

/* The action when neither file of a pair exists. */
enum cert_missing {
	CERT_MAKE,
	CERT_ALLOW, /* return an empty cert */
	CERT_REFUSE,
};

/* Selects the pair by its host names. */
struct cert_request {
	const char *dir;
	/* In normal form, maybe after "*."; the first names the files. */
	const struct str *names;
	size_t name_count;
	enum cert_missing missing;
	bool is_locked; /* by the caller; see certmake_lock */
};

/*
 * Loads the pair for the names of `request`. When neither file exists,
 * CERT_MAKE creates the pair: P-256, X.509 v3, the first name as CN, every name
 * as DNS SAN, addresses also as IP SAN, valid from a day ago for a hundred
 * years. The key file has mode 0600 from its first byte. Both files are written
 * under temporary names and then renamed, the key first; an existing file is
 * never replaced. If several processes start at once, one creates the pair and
 * the others load it. A missing directory is created; its parent must exist.
 * With CERT_ALLOW `cert` may be empty: its leaf is NULL.
 *
 * Returns -1 with one line in `error` (the file, the fault, the remedy) when
 * only one of the files exists, a file cannot be read or parsed, the key does
 * not match the certificate, the key file is accessible to others, or clients
 * cannot use such a key or certificate (see sys/certkey.h).
 */
MUST_USE int cert_load(struct cert *cert, const struct cert_request *request,
    char *error, size_t error_size);

/* Calls `say` with each warning, after the name of the file. */
void cert_warn(const struct cert *cert, void (*say)(const char *text));

/* The last second of its validity, since 1970; 0 if that is unknown. */
int64_t cert_end(const struct cert *cert);

void cert_release(struct cert *cert);

#endif
