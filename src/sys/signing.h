#ifndef SYS_SIGNING_H
#define SYS_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * Signatures of TLS handshakes, made in another process: the private keys are
 * in the `keys` process alone, and a worker asks it over a pair of
 * SOCK_SEQPACKET sockets.
 *
 * A request is one message: number (u32), key (u16), scheme (u16), then the
 * bytes to be signed, at most SIGNING_MESSAGE_MAX. An answer is the number and
 * the signature, which is empty when it is refused. All integers are in the
 * machine's order. The number 0 is sent by a keys process that has just
 * started: a request that waits for its answer is to be sent again.
 */
#define SIGNING_MESSAGE_MAX ((size_t)256)
/* RSA of 8192 bits. */
#define SIGNING_SIGNATURE_MAX ((size_t)1024)
/* How long a worker waits for an answer. */
#define SIGNING_TIMEOUT_MS 1000

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/*
 * Makes the two ends: [0] for the keys process, [1] for a worker, which waits
 * SIGNING_TIMEOUT_MS at most. Returns -1 with errno set.
 */
MUST_USE int signing_pair(int line[2]);

/* Changes how long the worker's end waits. */
void signing_set_timeout(int fd, unsigned ms);

/* A worker's end. */
struct signing_line {
	int fd; /* borrowed */
	uint32_t number; /* of the last request */
	bool is_down; /* no answer came to it */
};

/* A message to be signed. */
struct signing_request {
	uint16_t key; /* its index, in the order of the configuration */
	uint16_t scheme; /* SignatureScheme of RFC 8446, 4.2.3 */
	struct str message;
};

/*
 * Asks for a signature. Returns its length in `out`, which has
 * SIGNING_SIGNATURE_MAX bytes, or -1: refused, or no answer in time. After the
 * latter it fails at once until the keys process is heard again.
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
 * In the keys process, before it enters its jail: makes a signature by each
 * scheme that fits the key, after which OpenSSL has looked up all that it
 * needs. Returns -1 when the key cannot sign by any.
 */
MUST_USE int signing_prepare(struct evp_pkey_st *key);

/*
 * In the keys process: takes the requests that have come to `fd`, and answers
 * the newest with one of `keys`. Returns 1, 0 when the other end is closed, or
 * -1 with errno set; EAGAIN: there was none. A request that is refused,
 * malformed or cannot be answered at once is no error.
 */
MUST_USE int
signing_answer(int fd, struct evp_pkey_st *const *keys, size_t key_count);

/* Sends the number 0. */
void signing_greet(int fd);

#endif
