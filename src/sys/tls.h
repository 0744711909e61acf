#ifndef SYS_TLS_H
#define SYS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/cert.h"
#include "sys/net_out.h"
#include "text/attribute.h"
#include "text/hostnames.h"
#include "text/identity.h"
#include "text/str.h"

/* The certificates and settings, which all TLS connections share. */
struct tls_context;

/*
 * Makes a context for the certificates of `count` hosts, at least one, which
 * tls_context_add adds: TLS 1.2 and 1.3, X25519 and P-256, AES-128 first, no
 * tickets, no session cache, no renegotiation. A client gets the certificate of
 * the host in `names` that its server name (SNI, RFC 6066 section 3) is one of;
 * without that, the first host's. `names` is borrowed, NULL for one host. NULL
 * without memory.
 */
MUST_USE struct tls_context *
tls_context_new(size_t count, const struct hostnames *names);
void tls_context_free(struct tls_context *context);

/*
 * Adds the certificate of the next host, which may be released afterwards; it
 * is empty for a host without one. Returns -1 with one line in `error` when
 * OpenSSL refuses the certificate, or a trial handshake shows that no client
 * could connect.
 */
MUST_USE int tls_context_add(struct tls_context *context,
    const struct cert *cert, char *error, size_t error_size);

/*
 * Asks the clients of the host with this number for a certificate, which they
 * may have or not (no list of authorities, RFC 8446 section 4.3.2). Any
 * certificate is accepted, self-signed and expired ones too, if its key is RSA
 * of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519, and it has
 * up to 16 KiB with its chain. Without a server name the first host decides.
 */
void tls_context_ask(struct tls_context *context, size_t host);

/*
 * The server's side of one TLS connection. Output goes to `out`, which the
 * caller flushes; only the handshake flushes by itself.
 */
struct tls {
	struct ssl_st *ssl; /* OpenSSL's SSL; NULL when not open */
	struct net_out *out;
	struct str early; /* received before TLS began, not yet read */
	/*
	 * Whether the socket may hold more input; false at first. The caller
	 * sets it when the socket becomes readable; a short receive clears it,
	 * which saves a system call that would return EAGAIN.
	 */
	bool readable;
	bool heard; /* input arrived since the last output */
	/*
	 * Bytes that may still come. It begins with enough for a handshake and
	 * a request; a caller that expects more adds to it.
	 */
	size_t allowance;
};

/*
 * Starts TLS on the socket of `out`, borrowed. `early` are the bytes that were
 * already received; they must stay valid until the first tls_handshake returns.
 * -1 without memory.
 */
MUST_USE int tls_open(struct tls *tls, struct tls_context *context,
    struct net_out *out, struct str early);
void tls_release(struct tls *tls);

/* Continues the handshake: IO_DONE, or another enum io. */
MUST_USE ssize_t tls_handshake(struct tls *tls);

/* The server name that the client sent; empty when it sent none. */
struct str tls_server_name(const struct tls *tls);

/*
 * Gets the client's certificate; false: it has none. After a handshake that has
 * failed, the client may not have the key.
 */
bool tls_client(const struct tls *tls, struct identity *out);

/*
 * Returns the number of bytes read, or an enum io; IO_CLOSED is a close_notify.
 * When this or the handshake needs more input, received data is acknowledged at
 * once: no ticket follows a client's Finished, and a client that leaves Nagle's
 * algorithm on would hold its request back until the delayed acknowledgement
 * (44 ms).
 */
MUST_USE ssize_t tls_read(struct tls *tls, char *at, size_t room);

/*
 * Returns the number of bytes written, or an enum io. Each 16384 bytes make one
 * record, or several for a client that asked for small records (RFC 6066, 4);
 * `out` must have room for all of them.
 */
MUST_USE ssize_t tls_write(struct tls *tls, const char *at, size_t len);

/* Appends close_notify to the output (Gemini 0.24, Responses). */
void tls_close_notify(struct tls *tls);

#endif
