#ifndef SYS_CERTISSUE_H
#define SYS_CERTISSUE_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

struct x509_st; /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* A certificate to be made. */
struct certissue {
	struct evp_pkey_st *key; /* that it is for */
	/* Its names, in normal form; without any, those of `before`. */
	const struct str *names;
	size_t name_count;
	/* The certificate that it renews or succeeds, or NULL. */
	struct x509_st *before;
	/* The signer; NULL: `key` itself. */
	struct x509_st *issuer;
	struct evp_pkey_st *issuer_key;
	/* Whether it may verify other certificates, as an authority's may. */
	bool is_authority;
};

/*
 * Makes a certificate: X.509 v3, every name as DNS SAN, addresses as IP SAN
 * too, valid from a day ago for a hundred years. The subject is the first name
 * as CN if it fits, or that of `before`; if `before` is the issuer, the subject
 * gets a generation, the GN 2 or one more than that of `before`, because
 * clients take a certificate whose subject is its issuer for self-signed. The
 * caller frees the result. Returns NULL with the reason in OpenSSL's error
 * queue.
 */
MUST_USE struct x509_st *certissue_make(const struct certissue *request);

/*
 * Whether the key of `issuer`, which need not be that of an authority, has
 * signed `leaf`.
 */
MUST_USE bool
certissue_is_signed_by(struct x509_st *leaf, struct x509_st *issuer);

#endif
