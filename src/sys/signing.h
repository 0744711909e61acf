#ifndef SYS_SIGNING_H
#define SYS_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * Signatures of TLS handshakes, made in another process: only the `keys`
 * process holds the private keys, and workers send it requests over pairs of
 * SOCK_SEQPACKET sockets.
 *
 * A request is one message: number (u32), key (u16), scheme (u16), then the
 * bytes to sign, at most SIGNING_MESSAGE_MAX. An answer is the number and the
 * signature, which is empty when the request is refused. All integers are in
 * the machine's byte order. A keys process that has just started sends the
 * number 0: a worker that waits for an answer then sends its request again.
 */
#define SIGNING_MESSAGE_MAX ((size_t)256)
/* The size for RSA of 8192 bits. */
#define SIGNING_SIGNATURE_MAX ((size_t)1024)
/* The time for which a worker waits for an answer. */
#define SIGNING_TIMEOUT_MS 1000

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/*
 * Makes a socket pair: [0] for the keys process, [1] for a worker, which waits
 * SIGNING_TIMEOUT_MS at most. Returns -1 with errno set.
 */
MUST_USE int signing_pair(int line[2]);

/* Sets the timeout of the worker's end. */
void signing_set_timeout(int fd, unsigned ms);

/* The worker's end of the socket pair. */
struct signing_line {
	int fd; /* borrowed */
	uint32_t number; /* of the last request */
	bool is_down; /* it got no answer */
};

/* A message to sign. */
struct signing_request {
	uint16_t key; /* its index, in the order of the configuration */
	uint16_t scheme; /* SignatureScheme of RFC 8446, 4.2.3 */
	struct str message;
};

/*
 * Requests a signature. Writes it to `out`, which has SIGNING_SIGNATURE_MAX
 * bytes, and returns its length, or -1: refused, or no answer in time. After a
 * timeout it fails at once until a message from the keys process arrives.
 */
MUST_USE int signing_ask(struct signing_line *line,
    const struct signing_request *request, unsigned char *out);

/*
 * Whether `key` may sign `message` by `scheme`: only the content of a server's
 * CertificateVerify (RFC 8446, 4.4.3) or ServerKeyExchange with X25519 or P-256
 * (RFC 8422, 5.4) may be signed, by a scheme that fits the key.
 */
bool signing_allows(
    const struct evp_pkey_st *key, uint16_t scheme, struct str message);

/*
 * Called in the keys process before it enters its jail. Makes a signature with
 * each scheme that fits the key, so that OpenSSL loads everything that it
 * needs. Returns -1 when no scheme works with the key.
 */
MUST_USE int signing_prepare(struct evp_pkey_st *key);

/*
 * Called in the keys process. Receives the waiting requests from `fd` and
 * answers the newest with one of `keys`, of which any may be NULL. Returns 1, 0
 * when the other end is closed, or -1 with errno set; EAGAIN means that no
 * request was waiting. A request that is refused or malformed, or whose answer
 * cannot be sent at once, is no error.
 */
MUST_USE int
signing_answer(int fd, struct evp_pkey_st *const *keys, size_t key_count);

/* Sends the number 0, which announces a new keys process. */
void signing_greet(int fd);

#endif
