#ifndef SYS_TLSCLIENT_H
#define SYS_TLSCLIENT_H

#include <stddef.h>
#include <sys/types.h>

#include "sys/net.h"
#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The client's side of TLS, as capsules want it: no authority vouches for a
 * server, its key is compared with the one that was seen before.
 */
struct tlsclient_context;
struct tlsclient;

/* NULL without memory. */
MUST_USE struct tlsclient_context *tlsclient_context_new(void);
void tlsclient_context_free(struct tlsclient_context *context);

/*
 * Begins TLS on a connected socket, borrowed.  `host` is the name that the
 * server is asked for, empty for an address.  NULL without memory.  Whoever
 * writes to a peer that has gone gets SIGPIPE, unless it is ignored.
 */
MUST_USE struct tlsclient *
tlsclient_open(struct tlsclient_context *context, int fd, struct str host);
void tlsclient_free(struct tlsclient *tls);

/* IO_DONE, or another enum io.  What follows is for after it. */
MUST_USE ssize_t tlsclient_handshake(struct tlsclient *tls);

/*
 * SHA-256 of the server's public key (SubjectPublicKeyInfo), as capsuled
 * prints it; -1 when there is none.
 */
MUST_USE int
tlsclient_key(const struct tlsclient *tls, unsigned char out[SHA256_SIZE]);

/*
 * Bytes that were read or written, or an enum io.  IO_CLOSED is a
 * close_notify; a connection that ends without one was cut, and IO_FAILED.
 */
MUST_USE ssize_t tlsclient_read(struct tlsclient *tls, char *at, size_t room);
MUST_USE ssize_t tlsclient_write(
    struct tlsclient *tls, const char *at, size_t len);

#endif
