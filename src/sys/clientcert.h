#ifndef SYS_CLIENTCERT_H
#define SYS_CLIENTCERT_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/identity.h"

struct x509_st;

/*
 * Whether a signature by the certificate's key can be verified in a short time:
 * the key is RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or
 * Ed25519.
 */
bool clientcert_is_bounded(const struct x509_st *cert);

/* Gets the fingerprint of a certificate, and whether it is valid now. */
MUST_USE int clientcert_read(const struct x509_st *cert, struct identity *out);

#endif
