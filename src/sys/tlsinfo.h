#ifndef SYS_TLSINFO_H
#define SYS_TLSINFO_H

#include "sys/clientcert.h"
#include "sys/tls.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * The texts of the client's certificate, in the arena; empty without one, or
 * without TLS (NULL). -1 without memory.
 */
MUST_USE int tlsinfo_client(
    const struct tls *tls, struct arena *arena, struct clientcert_text *out);

/* The version, "TLSv1.3", and the cipher; empty without TLS (NULL). */
struct str tlsinfo_version(const struct tls *tls);
struct str tlsinfo_cipher(const struct tls *tls);

#endif
