#ifndef SYS_TLSTRIAL_H
#define SYS_TLSTRIAL_H

#include "text/attribute.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/*
 * Makes one TLS 1.2 and one TLS 1.3 handshake with a server's context, in
 * memory, as a usual client would. Returns -1 when one of them fails, with the
 * reason in OpenSSL's error queue, which is empty without memory.
 */
MUST_USE int tlstrial_run(struct ssl_ctx_st *server);

#endif
