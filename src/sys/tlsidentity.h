#ifndef SYS_TLSIDENTITY_H
#define SYS_TLSIDENTITY_H

#include "text/attribute.h"
#include "text/identity.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* The certificate of a client: its files, in PEM. */
struct tlsidentity {
	const char *certificate, *key; /* paths, borrowed; may be the same */
	/* Of the certificate, as of identity_format; set by tlsidentity_use. */
	char fingerprint[IDENTITY_TEXT];
	char error[512]; /* of the last call */
};

/*
 * Makes the connections of `context` show the certificate to servers that ask
 * for one. Returns -1 with one line in `error` (the file, the fault, the
 * remedy) when a file cannot be read or parsed, the key does not match the
 * certificate, or the key is encrypted or accessible to others.
 */
MUST_USE int
tlsidentity_use(struct tlsidentity *identity, struct ssl_ctx_st *context);

#endif
