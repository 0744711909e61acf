#ifndef SYS_CLIENTCERT_H
#define SYS_CLIENTCERT_H

#include "text/attribute.h"
#include "text/identity.h"

struct x509_st;
struct x509_store_ctx_st;

/*
 * A callback for SSL_CTX_set_cert_verify_callback, in place of the verification
 * of a chain: a client is known by its certificate, self-signed or not, and has
 * proved that it has the key when the handshake is done. The key must be one
 * whose signature is verified in a short time: RSA of 2048 to 8192 bits, ECDSA
 * on P-256, P-384 or P-521, or Ed25519.
 */
int clientcert_accept(struct x509_store_ctx_st *store, void *unused);

/* Gets the fingerprint of a certificate, and whether it is valid now. */
MUST_USE int clientcert_read(const struct x509_st *cert, struct identity *out);

#endif
