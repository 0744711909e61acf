#ifndef SYS_TLSCLIENT_H
#define SYS_TLSCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/net.h"
#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The client's side of TLS with trust on first use (TOFU): no authority vouches
 * for a server; the caller compares its key with the known one.
 */
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct ssl_st; /* OpenSSL's SSL */

/* NULL without memory. */
MUST_USE struct ssl_ctx_st *tlsclient_context_new(void);
void tlsclient_context_free(struct ssl_ctx_st *context);

/*
 * Starts TLS on a connected socket, borrowed. `host` is the name for SNI, empty
 * for an address. NULL without memory. A write to a closed peer raises SIGPIPE,
 * unless it is ignored.
 */
MUST_USE struct ssl_st *
tlsclient_open(struct ssl_ctx_st *context, int fd, struct str host);
void tlsclient_free(struct ssl_st *tls);

/*
 * Continues the handshake: IO_DONE, or another enum io. Call the functions
 * below only after IO_DONE.
 */
MUST_USE ssize_t tlsclient_handshake(struct ssl_st *tls);

/*
 * Computes the SHA-256 of the server's public key (SubjectPublicKeyInfo), as
 * capsuled prints it; -1 without a key.
 */
MUST_USE int
tlsclient_key(const struct ssl_st *tls, unsigned char out[SHA256_SIZE]);

/*
 * Whether the known key `known`, in the form of tlsclient_key, has signed the
 * server's certificate. The certificate of the known key has to be the next one
 * of the chain, and both have to be valid now. The server's must name `host`, a
 * name or an address, if the other one does.
 */
MUST_USE bool tlsclient_is_successor(const struct ssl_st *tls,
    const unsigned char known[SHA256_SIZE], const char *host);

/*
 * Return the number of bytes read or written, or an enum io. A write that would
 * block has to be repeated with the same bytes. IO_CLOSED is a
 * close_notify; a connection that ends without one was truncated, and gives
 * IO_FAILED.
 */
MUST_USE ssize_t tlsclient_read(struct ssl_st *tls, char *at, size_t room);
MUST_USE ssize_t tlsclient_write(
    struct ssl_st *tls, const char *at, size_t len);

#endif
