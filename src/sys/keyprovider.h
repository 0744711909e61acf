#ifndef SYS_KEYPROVIDER_H
#define SYS_KEYPROVIDER_H

#include <stdint.h>

#include "sys/signing.h"
#include "text/attribute.h"

/*
 * Keys whose private half is in another process, as a provider of OpenSSL's:
 * libssl uses them as any other, and each signature is a signing_ask.
 */

/*
 * A key that is the public key `public` to everybody, and signs as the key
 * with that index in the keys process. Refers to `public` (its count goes up);
 * to be freed with EVP_PKEY_free. NULL on failure, also when `public` is NULL,
 * as the key of a certificate is that OpenSSL cannot read.
 */
MUST_USE struct evp_pkey_st *
keyprovider_key(struct evp_pkey_st *public, uint16_t index);

/* From now on signatures are asked for over `line`, borrowed. */
void keyprovider_use(struct signing_line *line);

#endif
