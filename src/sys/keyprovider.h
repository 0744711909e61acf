#ifndef SYS_KEYPROVIDER_H
#define SYS_KEYPROVIDER_H

#include <stdint.h>

#include "sys/signing.h"
#include "text/attribute.h"

/*
 * An OpenSSL provider for keys with the private half in another process: libssl
 * uses them as any other key, and each signature calls signing_ask.
 */

/*
 * Makes a key that has the public key `public`, and signs with the key of that
 * index in the keys process. Takes a reference to `public`. The caller frees
 * the result with EVP_PKEY_free. Returns NULL on failure, also when `public` is
 * NULL, as for a certificate with a key that OpenSSL cannot read.
 */
MUST_USE struct evp_pkey_st *
keyprovider_key(struct evp_pkey_st *public, uint16_t index);

/* Sets the socket for later signature requests; `line` is borrowed. */
void keyprovider_use(struct signing_line *line);

#endif
