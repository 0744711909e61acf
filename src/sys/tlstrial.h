#ifndef SYS_TLSTRIAL_H
#define SYS_TLSTRIAL_H

#include "text/attribute.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* The clients of TLS 1.2 and 1.3, for many trials. */
struct tlstrial {
	struct ssl_ctx_st *clients[2];
};

/* Makes the clients; tlstrial_run fails without memory for them. */
void tlstrial_init(struct tlstrial *trial);
void tlstrial_release(struct tlstrial *trial);

/*
 * Makes one TLS 1.2 and one TLS 1.3 handshake with a server's context, in
 * memory, as a usual client would. Returns -1 when one of them fails, with the
 * reason in OpenSSL's error queue, which is empty without memory.
 */
MUST_USE int
tlstrial_run(const struct tlstrial *trial, struct ssl_ctx_st *server);

#endif
