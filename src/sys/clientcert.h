#ifndef SYS_CLIENTCERT_H
#define SYS_CLIENTCERT_H

#include "text/arena.h"
#include "text/attribute.h"
#include "text/identity.h"
#include "text/str.h"

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

/*
 * Texts of a certificate: UTF-8 on one line, without control characters and
 * marks that change the direction of text, and empty when the certificate does
 * not have it, it is malformed, or longer than CLIENTCERT_TEXT_MAX. A name is
 * that of RFC 4514: CN=alice,O=Example. The CN is the first one, unescaped.
 */
struct clientcert_text {
	struct str subject, subject_cn, issuer, issuer_cn;
	struct str serial; /* decimal; of up to 20 bytes */
	struct str not_before, not_after; /* "2026-11-24T20:29:42Z" */
};

#define CLIENTCERT_TEXT_MAX ((size_t)1024)

/* Gets the texts, in the arena. -1 without memory. */
MUST_USE int clientcert_describe(const struct x509_st *cert,
    struct arena *arena, struct clientcert_text *out);

/* Gets the fingerprint of a certificate, and whether it is valid now. */
MUST_USE int clientcert_read(const struct x509_st *cert, struct identity *out);

#endif
