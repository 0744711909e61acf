#ifndef SYS_KEYSCHEDULE_H
#define SYS_KEYSCHEDULE_H

#include "text/attribute.h"

/*
 * The key schedule of TLS 1.3 (RFC 8446, 7.1: HKDF-Extract, HKDF-Expand-Label
 * and Derive-Secret, by RFC 5869) without what it costs to ask OpenSSL 3.0
 * for it: a provider of the one algorithm that libssl asks for by name,
 * TLS13-KDF.  It hashes with OpenSSL's SHA-256, keeps nothing between two
 * calls, and hands on to OpenSSL's own whatever is not asked as libssl asks:
 * other hashes, more than a hash, long labels, and all that is wrong.
 *
 * tls.c uses it only with `make KEY_SCHEDULE=own`: what cryptography does is
 * OpenSSL's affair wherever nobody says otherwise.
 */

/*
 * Adds that provider to OpenSSL's default context, once.  Returns the property
 * query that prefers it, for SSL_CTX_new_ex; NULL, which prefers nothing, when
 * OpenSSL does not take it.  Who asks without a query may get either, and the
 * same bytes.
 */
MUST_USE const char *keyschedule_load(void);

#endif
